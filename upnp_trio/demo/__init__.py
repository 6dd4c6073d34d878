"""Devices to try things with, served by ``upnp-trio demo``; each is an example to copy."""
