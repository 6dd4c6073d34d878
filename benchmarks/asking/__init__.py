"""What the asking side costs: `python -m benchmarks.asking` measures a listener of 5,000 devices, and what ping shows."""
