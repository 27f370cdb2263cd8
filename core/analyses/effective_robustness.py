"""Effective robustness: accuracy under shift beyond what a network's accuracy on clean rows leads one to expect.

Taori et al. 2020 and Miller et al. 2021: over many networks the probit of one accuracy is nearly a line of the probit
of the other. A network on that line is no more robust than any other of its accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Answers, Subject, ask
from core.analyses.shift_families import Family, ShiftedSet
from core.study_networks import PoolTrial, StudyNetwork

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

Floats = NDArray[np.float64]

MOST_TRIALS = 60  # for the line; drawn by the study's seed where there are more
MOST_ROWS = 2_000  # of each set of rows, drawn likewise
FEWEST = 8  # networks that a line is fitted to
LEAST_RELIABILITY = 0.5  # of the spread of the clean accuracies: at least half of it is not chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """probit(accuracy under shift) = intercept + slope · probit(accuracy on clean rows), by least squares."""

    slope: float
    intercept: float
    r2: float
    n: int

    def expected(self, inside: float, rows: int) -> float:
        """Return the probit of the accuracy under shift that a clean accuracy over `rows` rows leads to expect."""
        return self.intercept + self.slope * probit(inside, rows)


def probit(accuracy: float, rows: int) -> float:
    """Return the normal quantile of an accuracy, which is kept half a row away from 0 and 1.

    >>> round(probit(0.975, 2000), 2), round(probit(1.0, 100), 3)
    (1.96, 2.576)
    """
    from scipy.special import ndtri

    half = 0.5 / rows
    return float(ndtri(min(max(accuracy, half), 1 - half)))


def fit_line(inside: Sequence[float], outside: Sequence[float], rows: tuple[int, int]) -> Line | str:
    """Fit the line to clean accuracies and those under shift; `rows` counts what they were measured on.

    Returns why there is none: fewer than 8 networks, or all of one accuracy.
    """
    if len(inside) < FEWEST:
        return f"a line needs {FEWEST} different networks that are better than guessing, and there are {len(inside)}"
    x = np.array([probit(one, rows[0]) for one in inside])
    y = np.array([probit(one, rows[1]) for one in outside])
    if np.ptp(x) == 0:
        return "all networks have the same accuracy on clean rows, so that nothing can be expected from it"
    from scipy.stats import linregress

    found = linregress(x, y)
    r2 = float(found.rvalue) ** 2 if np.ptp(y) else 0.0
    return Line(slope=float(found.slope), intercept=float(found.intercept), r2=r2, n=len(x))


def reliability(correct: NDArray[np.bool_]) -> float | None:
    """Return which share of the spread of accuracies is more than the chance of which rows were taken.

    `correct` (networks, rows) says which rows each network gets right. 1 - (variance that rows explain)/(variance of
    the accuracies), Cronbach's alpha (Kuder and Richardson 1937, formula 20): 1 where other rows would order the
    networks alike, 0 or less where the order is chance. None without a spread.

    >>> reliability(np.array([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], bool))
    1.0
    """
    networks, rows = correct.shape
    if networks < 2 or rows < 2:
        return None
    total = float(correct.sum(axis=1).var(ddof=1))
    by_row = float(correct.astype(np.float64).var(axis=0, ddof=1).sum())
    return None if total == 0 else rows / (rows - 1) * (1 - by_row / total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rows on which networks are compared with the line: few enough to ask many networks about them."""

    clean: ShiftedSet
    families: tuple[Family, ...]
    seed: int

    @property
    def sets(self) -> list[ShiftedSet]:
        """All sets of rows, the clean one first."""
        return [self.clean, *(one for family in self.families for one in family.sets)]

    @property
    def rows(self) -> tuple[int, int]:
        """Rows of the clean set, and of the smallest set of all families."""
        sizes = [min(one.rows, MOST_ROWS) for one in self.sets]
        return sizes[0], min(sizes[1:])

    def ask(
        self, context: AnalysisContext, subjects: Sequence[Subject], on_progress: Callable[[float], None]
    ) -> dict[str, dict[str, NDArray[np.bool_]]]:
        """Return which rows each network gets right, by its name and the set's key."""
        asked = [one.some_rows(MOST_ROWS, self.seed) for one in self.sets]
        names = {row_set.key: one.key for row_set, one in zip(asked, self.sets, strict=True)}
        found = ask(context, subjects, asked, on_progress)
        return {name: {names[key]: one.correct for key, one in answers.items()} for name, answers in found.items()}

    def of_full(self, clean: NDArray[np.bool_], answers: Mapping[str, Answers]) -> dict[str, NDArray[np.bool_]]:
        """Return the same of a network that was asked about all rows."""
        full = {self.clean.key: clean} | {key: one.correct for key, one in answers.items()}
        return {one.key: one.of_some_rows(full[one.key], MOST_ROWS, self.seed) for one in self.sets}

    def accuracies(self, correct: Mapping[str, NDArray[np.bool_]]) -> tuple[float, float]:
        """Return a network's accuracy on clean rows and under shift, each family weighing the same."""
        families = [np.mean([correct[one.key].mean() for one in family.sets]) for family in self.families]
        return float(correct[self.clean.key].mean()), float(np.mean(families))


def effective_robustness(
    context: AnalysisContext,
    clean: ShiftedSet,
    families: Sequence[Family],
    answers: Mapping[str, Mapping[str, Answers]],
    on_progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """Fit the line to the trials of both modes, and return how far each network of the study lies above it.

    `clean`: the holdout as it is; `answers`: of the study's networks to all sets of the families. `residual` is in
    probits, `points` the same as a share of the rows: accuracy under shift minus the accuracy that the line expects.
    `status` "not measured" has a `reason`; networks then have accuracies only.
    """
    sample = Sample(clean=clean, families=tuple(families), seed=context.seed)
    own = {
        one.name: sample.of_full(context.predictions[one.name].correct, answers[one.name]) for one in context.everyone
    }
    fitted, source = _fitted(context)
    asked = [Subject.of(one) for one in fitted if isinstance(one, PoolTrial)]
    correct = sample.ask(context, asked, on_progress) if asked else {one.name: own[one.name] for one in fitted}
    points = [_point(one, *sample.accuracies(correct[one.name])) for one in fitted]
    networks = {one.name: _point(one, *sample.accuracies(own[one.name])) for one in context.everyone}
    guess = float(np.bincount(context.labels).max() / len(context.labels))
    used = [one for one in points if one["inside"] > guess]
    found: dict[str, Any] = {
        "fitted_on": source,
        "trials": len(points),
        "left_out": len(points) - len(used),
        "rows": {"most": MOST_ROWS, "clean": sample.rows[0], "smallest_shifted": sample.rows[1]},
        "points": used,
    }
    trust = reliability(np.array([correct[one["name"]][sample.clean.key] for one in used])) if used else None
    line = fit_line([one["inside"] for one in used], [one["outside"] for one in used], sample.rows)
    if isinstance(line, Line) and (trust is None or trust < LEAST_RELIABILITY):
        line = (
            "the networks hardly differ in accuracy on clean rows: more than half of the spread is the chance of which "
            "rows were taken"
        )
    found["reliability"] = trust
    if isinstance(line, str):
        return {"status": "not measured", "reason": line, "line": None, "networks": networks} | found
    measured = {name: one | _residual(line, one, sample.rows) for name, one in networks.items()}
    return {"status": "ok", "reason": None, "line": asdict(line), "networks": measured} | found


def _fitted(context: AnalysisContext) -> tuple[Sequence[PoolTrial | StudyNetwork], str]:
    """Return the networks that the line is fitted to, and who they are."""
    trials = [one for one in context.trials if Subject.of(one).model.is_file()]
    if not trials:
        distinct = {(one.pair, one.trial, tuple(sorted(map(str, one.params.items())))): one for one in context.everyone}
        return list(distinct.values()), "the best networks of all runs, since no other trials are kept"
    if len(trials) <= MOST_TRIALS:
        return trials, "all trials of both modes, each distinct network once"
    places = np.sort(np.random.default_rng(context.seed).choice(len(trials), MOST_TRIALS, replace=False))
    return [trials[place] for place in places], f"{MOST_TRIALS} of {len(trials)} trials of both modes, drawn by seed"


def _point(network: PoolTrial | StudyNetwork, inside: float, outside: float) -> dict[str, Any]:
    return {
        "name": network.name,
        "mode": network.mode,
        "pair": network.pair,
        "inside": inside,
        "outside": outside,
    }


def _residual(line: Line, point: Mapping[str, Any], rows: tuple[int, int]) -> dict[str, float]:
    from scipy.special import ndtr

    expected = line.expected(point["inside"], rows[0])
    residual = probit(point["outside"], rows[1]) - expected
    share = float(ndtr(expected))
    return {"expected": share, "residual": residual, "points": float(ndtr(expected + residual)) - share}
