"""Trials that sleep: how long, what they leave, and how soon a perfect endpoint would have done them all."""

from __future__ import annotations

import hashlib
import heapq
import math
import os
import random
from collections.abc import Sequence

from core.trial import Artifact, EpochRecord, ParameterCount, Trace, TrialMetrics, TrialResult, TrialSpec

FILE = random.Random(0).randbytes(100_000)  # what a small network takes


def planned(number: int) -> float:
    """Return the seconds of a trial, as the environment of this process says."""
    env = os.environ
    return seconds(number, float(env["BENCH_MEAN"]), float(env["BENCH_SIGMA"]), int(env["BENCH_SEED"]))


def seconds(number: int, mean: float, sigma: float, seed: int) -> float:
    """Draw a trial's length: lognormal, with this mean."""
    return random.Random(f"{seed}-{number}").lognormvariate(math.log(mean) - sigma**2 / 2, sigma)


def makespan(lengths: Sequence[float], workers: int) -> float:
    """Return when the last trial ends if each worker takes the next one at once (list scheduling).

    >>> makespan([3.0, 1.0, 1.0, 2.0], 2)
    4.0
    """
    free = [0.0] * workers
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return max(free)


def sleeping_result(spec: TrialSpec, length: float) -> TrialResult:
    """Return a result with as many equal epochs as are wanted."""
    each = length / spec.epochs
    epochs = tuple(
        EpochRecord(
            epoch=n + 1,
            loss=1.0,
            accuracy=0.5,
            val_loss=1.0,
            val_accuracy=0.5,
            learning_rate=0.1,
            seconds=each,
            probe_seconds=0.0,
            churn_kappa=None,
            gradients={},
        )
        for n in range(spec.epochs)
    )
    trace = Trace(
        classes=10,
        majority_rate=0.1,
        chance_loss=2.3,
        initial_loss=2.3,
        window_losses=(1.0,),
        epochs=epochs,
        layers=(),
        groups=(),
        parameters=ParameterCount(total=10, trainable=10, embedding=0),
        val_n=10,
        val_correct=5,
        probe_hash="p",
    )
    metrics = TrialMetrics(
        train_accuracy=0.6,
        val_accuracy=0.5,
        val_loss=1.0,
        test_accuracy=0.5,
        test_loss=1.0,
        train_n=20,
        val_n=10,
        test_n=10,
    )
    file = Artifact(path="model.keras", sha256=hashlib.sha256(FILE).hexdigest(), size=len(FILE))
    return TrialResult(
        number=spec.number,
        status="completed",
        seconds=length,
        metrics=metrics,
        trace=trace,
        artifacts=(file,),
        parameters=10,
        device="none",
    )
