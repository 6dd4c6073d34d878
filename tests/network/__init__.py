"""The device as strangers meet it: real sockets and real control points, in networks of our own."""
