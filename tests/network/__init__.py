"""The device as other hosts see it: real sockets and real control points, in network namespaces."""
