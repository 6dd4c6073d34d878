"""The network of this host: its interfaces, and sockets on them."""
