"""What this host's network is: its interfaces, and sockets on them."""
