"""What the benchmarks compute; what they measure is only to be seen by running them."""
