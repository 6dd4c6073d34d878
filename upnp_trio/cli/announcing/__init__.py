"""What ``upnp-trio announce`` does: each web page is a device as long as it answers."""
