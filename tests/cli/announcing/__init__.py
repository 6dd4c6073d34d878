"""Tests of announcing pages."""
