"""The verb ``watch``: what happens on the network, as a screen, as lines or in a file."""
