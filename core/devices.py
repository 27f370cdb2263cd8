"""What a trial's device says: which hardware, and whether that was this machine or a worker at RunPod."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_REMOTE = re.compile(r"(?:(?P<hardware>.+) on )?RunPod worker (?P<worker>\S+)")
_FALLEN_BACK = re.compile(r"(?P<hardware>.+?) \(RunPod unavailable: (?P<why>.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where one trial trained. `worker` is RunPod's, None on this machine; `why` is why it trained here instead."""

    hardware: str | None  # None: not told
    worker: str | None = None
    why: str | None = None

    @property
    def place(self) -> str:
        """Name the place in a few words, for a cell of a table."""
        hardware = self.hardware or "device not told"
        if self.worker is not None:
            return f"RunPod, {hardware}"
        return f"this machine, {hardware}" + (" (RunPod could not be used)" if self.why is not None else "")


def read_device(text: str) -> Device:
    """Read the device of a trial as the program stores it.

    >>> read_device("cpu on RunPod worker w1")
    Device(hardware='cpu', worker='w1', why=None)
    >>> read_device("cpu (RunPod unavailable: no key)").place
    'this machine, cpu (RunPod could not be used)'
    """
    remote = _REMOTE.fullmatch(text)
    if remote is not None:
        return Device(hardware=remote["hardware"], worker=remote["worker"])
    fallen = _FALLEN_BACK.fullmatch(text)
    if fallen is not None:
        return Device(hardware=fallen["hardware"], why=fallen["why"])
    return Device(hardware=text)


def describe_devices(texts: Iterable[str]) -> str:
    """Sum up where trials trained, the commonest place first.

    >>> describe_devices(["cpu on RunPod worker a", "cpu on RunPod worker b", "cpu (RunPod unavailable: no key)"])
    'RunPod, cpu: 2 trials on 2 workers; this machine, cpu (RunPod could not be used): 1 trial'
    """
    devices = [read_device(text) for text in texts]
    parts = []
    for place, trials in Counter(device.place for device in devices).most_common():
        workers = {device.worker for device in devices if device.place == place} - {None}
        behind = f" on {_count(len(workers), 'worker')}" if workers else ""
        parts.append(f"{place}: {_count(trials, 'trial')}{behind}")
    return "; ".join(parts)


def fallback_reasons(texts: Iterable[str]) -> Counter[str]:
    """Count why trials trained on this machine though RunPod was wanted.

    >>> fallback_reasons(["cpu (RunPod unavailable: no key)", "cpu"])
    Counter({'no key': 1})
    """
    return Counter(device.why for device in map(read_device, texts) if device.why is not None)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
