"""Linear probes: a new last layer, fitted on a few examples per class, on features that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Rows = NDArray[np.int64]
SHOTS = (10, 100)  # examples per class; beside them all that there are
ALL = "all"
SEEDS = 5
TEST_SHARE = 0.4  # of every class
LEAST_ROOM = 0.01  # that a probe on random features must leave for a score


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Which rows a probe is fitted on and which it is tried on. `shots`: "10", "100" or "all" of each class."""

    shots: str
    number: int  # of the draw, from 0
    train: Rows
    test: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a fitted probe says about its test rows, and whether the fit came to its end."""

    correct: NDArray[np.bool_]
    converged: bool

    @property
    def accuracy(self) -> float:
        """Share of the test rows that were put into their class."""
        return float(self.correct.mean())


def sample(y: Rows, limit: int, seed: int) -> Rows:
    """Return about `limit` row numbers, in order, every class in proportion; all rows where there are no more."""
    if len(y) <= limit:
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    kept = []
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        kept.append(rng.permutation(rows)[: max(round(len(rows) * limit / len(y)), 1)])
    return np.sort(np.concatenate(kept))


def draw(y: Rows, seed: int, seeds: int = SEEDS) -> tuple[list[Draw], dict[str, str]]:
    """Return the draws of every number of shots, and why a number is left out.

    In each of the `seeds` splits 40 % of every class (rounded up) are test rows; the shots are the first of the
    others, so that few shots are part of many. They follow from `y` and `seed` alone: the same for all networks.
    """
    classes = [np.flatnonzero(y == label) for label in np.unique(y)]
    tests = [int(np.ceil(TEST_SHARE * len(rows))) for rows in classes]
    fewest = min((len(rows) - test for rows, test in zip(classes, tests, strict=True)), default=0)
    left_out = {
        str(shots): f"its smallest class has {fewest} rows beside the test rows, which is fewer than {shots}"
        for shots in SHOTS
        if fewest < shots
    }
    if fewest < 1 or len(classes) < 2:
        return [], left_out | {ALL: "it needs two classes of two rows or more"}
    draws = []
    for number in range(seeds):
        rng = np.random.default_rng([seed, number])
        mixed = [rng.permutation(rows) for rows in classes]
        test = np.sort(np.concatenate([rows[:size] for rows, size in zip(mixed, tests, strict=True)]))
        pools = [rows[size:] for rows, size in zip(mixed, tests, strict=True)]
        for shots in (*SHOTS, None):
            if str(shots) not in left_out:
                train = np.sort(np.concatenate([pool[:shots] for pool in pools]))
                draws.append(Draw(shots=str(shots or ALL), number=number, train=train, test=test))
    return draws, left_out


def probe(features: NDArray[np.float32] | csr_array, y: Rows, one: Draw) -> Probe | None:
    """Fit a logistic regression on the draw's training rows and try it on its test rows.

    See `core.training.linear_probe`. None when a feature is not finite.
    """
    from core.training.linear_probe import fit_and_answer

    if isinstance(features, np.ndarray) and not np.isfinite(features).all():
        return None
    answers, converged = fit_and_answer(features[one.train], y[one.train], features[one.test])
    return Probe(correct=np.asarray(answers == y[one.test]), converged=converged)


def transfer_score(accuracy: float, control: float) -> float | None:
    """Return (accuracy - control)/(1 - control): what of the room above random features is used.

    None where a probe on random features leaves less than 1 % of the rows to win.

    >>> transfer_score(0.75, 0.5), transfer_score(0.25, 0.5), transfer_score(1.0, 0.995)
    (0.5, -0.5, None)
    """
    room = 1.0 - control
    return None if room < LEAST_ROOM else (accuracy - control) / room
