"""Whole runs against the emulated RunPod: real workers, real storage, real training."""
