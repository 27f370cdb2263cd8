"""An emulator of a RunPod serverless endpoint: its public API v2, and the protocol of its workers.

Real workers, RunPod's own library in them, run as processes of this machine. What was not verified against the live
service is marked in the code as not known.
"""

from tests.emulator.clock import Clock
from tests.emulator.server import Emulator

__all__ = ["Clock", "Emulator"]
