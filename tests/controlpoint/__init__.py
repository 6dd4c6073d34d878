"""Tests of the control point."""
