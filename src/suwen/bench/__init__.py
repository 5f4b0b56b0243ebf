"""Benchmarks: one file each, run as `suwen bench NAME`."""
