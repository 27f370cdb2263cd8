"""Benchmarks: `python -m tests.benchmarks [names...] [--quick]`. Not tests; pytest never collects them."""
