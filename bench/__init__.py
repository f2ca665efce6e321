"""Benchmarks: `python -m bench [NAME …]`. Every figure stands beside a baseline of the same run."""
