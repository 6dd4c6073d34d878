"""A device on a very bad network, beside a good client: ``python -m tests.chaos`` (see README.md)."""
