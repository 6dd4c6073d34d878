"""The asking side, without a network."""
