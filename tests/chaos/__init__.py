"""A device in the worst of networks, and a good client beside: ``python -m tests.chaos`` (see README.md)."""
