"""Reusable pieces of pages, one file each. They draw and hand wishes to the run service."""
