"""Side-by-side runs of UPnP devices: what they cost, and how much they bear.

`python -m benchmarks` starts this project's device and its peers in turn, each in a fresh pair of network namespaces,
and asks each of them the same questions from the other side of the cable. `README.md` says what the figures mean.
"""
