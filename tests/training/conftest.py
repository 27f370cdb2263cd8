"""What all tests that compute with Keras share."""

from __future__ import annotations

from core.training import devices

devices.prepare()  # before the first operation: the number of threads decides the last bits of every result
