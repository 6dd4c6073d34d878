"""Tests of what the benchmarks compute and send; only a run of the benchmarks shows what they measure."""
