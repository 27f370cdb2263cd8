"""PED-ANOVA (Watanabe, Bansal and Hutter 2023), the importance that Optuna takes by default.

Optuna's own function cannot be called here: importing `optuna.importance` imports scikit-learn for the other
evaluators, which the web process does without. A test holds this one to Optuna's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_STEPS = 50  # cells of a continuous axis
_LEAST_SIGMA = 0.5 / 1.64  # so that 90 % of a kernel fall into its own cell
_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The cell of each value of one parameter; `ordered` is False for choices."""

    index: Whole
    count: int
    ordered: bool

    def density(self, members: npt.NDArray[np.bool_]) -> Floats:
        """Return the Parzen estimate over the cells from the values of `members`."""
        counts = np.bincount(self.index[members], minlength=self.count)
        seen = np.flatnonzero(counts)
        weights = np.append(counts[seen], 1.0)  # the last is the prior
        kernels = (_ordered if self.ordered else _choices)(seen, counts, self.count)
        return np.asarray(_TINY + (weights / weights.sum()) @ kernels)


def cells(distribution: BaseDistribution, values: Sequence[object]) -> Cells:
    """Sort `values` into the cells of their distribution."""
    if isinstance(distribution, CategoricalDistribution):
        index = np.array([distribution.to_internal_repr(value) for value in values], dtype=np.int64)  # type: ignore[arg-type]
        return Cells(index=index, count=len(distribution.choices), ordered=False)
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    low, high, numbers = float(distribution.low), float(distribution.high), np.asarray(values, dtype=float)
    count = _STEPS
    if isinstance(distribution, IntDistribution) and distribution.log:
        count = min(math.ceil(math.log2(high - low + 1)) + 1, count)
    elif distribution.step is not None:
        count = min(round((high - low) / distribution.step) + 1, count)
    if distribution.log:
        low, high, numbers = math.log(low), math.log(high), np.log(np.maximum(numbers, _TINY))
    index = np.ceil((numbers - low) / ((high - low) / (count - 1)) - 0.5).astype(np.int64)
    return Cells(index=np.clip(index, 0, count - 1), count=count, ordered=True)


def divergence(among: Cells, top: npt.NDArray[np.bool_], everywhere: Floats) -> float:
    """Return the Pearson divergence of the density of the `top` values from that of all."""
    return float(everywhere @ (among.density(top) / everywhere - 1) ** 2)


def _choices(seen: Whole, counts: Whole, count: int) -> Floats:
    kernels = np.full((len(seen) + 1, count), 1.0 / (len(seen) + 1))
    kernels[np.arange(len(seen)), seen] += 1
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True))


def _ordered(seen: Whole, counts: Whole, count: int) -> Floats:
    """Normal kernels cut off at the ends, by Scott's rule; the prior covers the whole axis."""
    weights = counts[seen]
    cumulated = np.cumsum(weights)
    total = int(cumulated[-1]) if len(seen) else 0
    sigma = 0.0
    if total:
        mean = seen @ weights / total
        deviation = math.sqrt((seen - mean) ** 2 @ weights / max(1, total - 1))
        first = np.searchsorted(cumulated, total // 4, side="left")
        third = min(len(seen) - 1, int(np.searchsorted(cumulated, total * 3 // 4, side="right")))
        sigma = 1.059 * min((seen[third] - seen[first]) / 1.34, deviation) * total**-0.2
    centres = np.append(seen, (count - 1) / 2)[:, None]
    sigmas = np.append(np.full(len(seen), max(sigma, _LEAST_SIGMA)), count)[:, None]
    edges = ndtr((np.arange(count + 1) - 0.5 - centres) / sigmas)
    mass = np.diff(edges, axis=1)
    return np.asarray(mass / (edges[:, -1:] - edges[:, :1]))
