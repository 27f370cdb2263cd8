"""Bringing own data: real images and texts, and sources that mean harm."""
