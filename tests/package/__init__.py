"""Tests of what is published: the wheel and the sdist in dist/, which `nox -s package` builds before it runs them."""
