"""Each module of `upnp_trio.network` on its own: values, loopback sockets, and a system that refuses what is asked."""
