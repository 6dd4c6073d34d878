"""A device in the worst of networks, and a good client beside: ``python -m chaos`` (see README.md)."""
