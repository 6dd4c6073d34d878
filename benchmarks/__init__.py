"""Measures UPnP devices beside each other: what they cost, and how much load they can take.

`python -m benchmarks` starts this project's device and its peers in turn, each in a fresh pair of network namespaces,
and puts the same load on each from the second namespace. `README.md` explains the figures.
"""
