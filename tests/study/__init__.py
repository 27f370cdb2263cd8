"""Comparative studies: configuration, execution, comparison."""
