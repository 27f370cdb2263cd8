"""Telling an address that a job has ended."""

from __future__ import annotations

import asyncio
from typing import Any

import requests

TRIES = 3


async def tell(address: str, view: dict[str, Any], pause: float) -> bool:
    """POST the last view of a job, `pause` seconds between tries; False when none was answered by 200."""
    for number in range(TRIES):
        if number:
            await asyncio.sleep(pause)
        if await asyncio.to_thread(_post, address, view):
            return True
    return False


def _post(address: str, view: dict[str, Any]) -> bool:
    try:
        return requests.post(address, json=view, timeout=5, allow_redirects=False).status_code == 200
    except requests.RequestException:
        return False
