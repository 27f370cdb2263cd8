"""Bringing one's own data: images in class folders, or texts in a table; checked and reported before use."""

from __future__ import annotations
