"""What probes are fitted on: the features of a trained network, those of untrained twins, and the plain rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Clock, Subject
from core.analyses.probes import SEEDS, Draw, Probe, Rows, probe
from core.analyses.side_work import processors, spread
from core.datasets.arrays import Arrays
from core.datasets.entry import DatasetEntry
from core.datasets.parts import Part
from core.datasets.text import INDEX_FROM
from core.foreign.opening import ForeignSet
from core.records import from_json
from core.trial import TrialSpec

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float32]
Tally = dict[str, list[Probe | None]]  # by number of shots, one for each draw
MANY = 10_000  # rows that all fits together have, for which other processes are worth starting
WORDS = 10_000  # the commonest, that a bag of words counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedSet:
    """The rows of a foreign set that probes are fitted on and tried on, the same for all networks."""

    name: str
    part: Part
    draws: tuple[Draw, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Features (n, d) of a set's rows that probes are to be fitted on. `number`: of the split, None for all."""

    features: Floats | csr_array
    set: ProbedSet
    number: int | None = None

    @property
    def draws(self) -> list[Draw]:
        """The draws that are wanted."""
        return [one for one in self.set.draws if self.number in (None, one.number)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """All probes of a network by foreign set: on its own features, and on those of its untrained twins."""

    trained: dict[str, Tally]
    random: dict[str, Tally]
    features: int


def part_of(foreign: ForeignSet, rows: Rows, y: Rows) -> Part:
    """Return the given rows of a foreign set with their classes in `y` (n,)."""
    arrays = Arrays(y=foreign.y, x=foreign.x, tokens=foreign.tokens, offsets=foreign.offsets).take(rows)
    return Part(name=foreign.entry.name, y=y, x=arrays.x, tokens=arrays.tokens, offsets=arrays.offsets)


def probe_network(
    subject: Subject,
    sets: tuple[ProbedSet, ...],
    seed: int,
    controls: dict[str, dict[str, Tally]],
    clock: Clock,
    on_done: Callable[[], None] = lambda: None,
) -> Probed:
    """Fit all probes on the features of a network and of its untrained twins, a new twin for each split.

    `controls` keeps the probes of twins by architecture: networks that are built alike share them. `clock` counts the
    seconds in which networks are asked for features. `on_done` is called `SEEDS + 1` times.
    """
    from core.training.features import features, random_twin
    from core.training.inputs import model_inputs
    from core.training.predictor import load_model

    config = from_json(TrialSpec, subject.spec.read_text(encoding="utf-8")).model
    inputs = {one.name: model_inputs(one.part, config) for one in sets}
    model = load_model(subject.model)

    def asked(number: int | None) -> list[Fit]:
        with clock.asking():
            return [Fit(features=features(model, inputs[one.name]), set=one, number=number) for one in sets]

    own = asked(None)
    trained = {one.set.name: found for one, found in zip(own, tallies(own), strict=True)}
    on_done()
    build = _build(model.to_json(), inputs)
    if build not in controls:
        joined: dict[str, Tally] = {one.name: {} for one in sets}
        for first in range(0, SEEDS, processors()):  # no more twins at a time than can be probed: features are large
            fits: list[Fit] = []
            for number in range(SEEDS)[first : first + processors()]:
                twin = random_twin(model, seed + number)
                model.set_weights(twin.get_weights())  # which is compiled already
                fits += asked(number)
                on_done()
            for one, found in zip(fits, tallies(fits), strict=True):
                for shots, probes in found.items():
                    joined[one.set.name].setdefault(shots, []).extend(probes)
        controls[build] = joined
    else:
        for _ in range(SEEDS):
            on_done()
    return Probed(trained=trained, random=controls[build], features=max(one.features.shape[1] for one in own))


def tallies(fits: Sequence[Fit]) -> list[Tally]:
    """Fit the probes of several features at a time, and return them one by one, by shots in the order of the draws."""
    wanted = [(place, each) for place, one in enumerate(fits) for each in one.draws]
    wanted.sort(key=lambda one: -len(one[1].train))  # the longest first: nobody waits for the last one then
    calls = (partial(probe, fits[place].features, fits[place].set.part.y, each) for place, each in wanted)
    many = sum(len(each.train) for _, each in wanted) >= MANY
    found: list[Tally] = [{each.shots: [] for each in one.draws} for one in fits]
    for (place, each), one in zip(wanted, spread(calls, processors() if many else 1), strict=True):
        found[place][each.shots].append(one)
    return found


def plain(part: Part, source: DatasetEntry) -> Floats | csr_array:
    """Return rows as no network has seen them: pixels from 0 to 1, or which words occur."""
    if part.x is not None:
        return np.asarray(part.x.reshape(len(part), -1) / np.float32(source.scale), np.float32)
    return bag_of_words(part)


def bag_of_words(part: Part) -> csr_array:
    """Return which of the data set's `WORDS` commonest words each text has (n, words), every row of length one."""
    from scipy.sparse import csr_array

    assert part.tokens is not None and part.offsets is not None
    rows = np.repeat(np.arange(len(part)), np.diff(part.offsets))
    known = (part.tokens > INDEX_FROM) & (part.tokens <= INDEX_FROM + WORDS)
    cells = np.unique(rows[known] * WORDS + part.tokens[known] - INDEX_FROM - 1)
    row, word = np.divmod(cells, WORDS)
    counts = np.bincount(row, minlength=len(part))
    values = (1 / np.sqrt(counts[row])).astype(np.float32)
    return csr_array((values, (row, word)), shape=(len(part), WORDS))


def _build(architecture: str, inputs: Mapping[str, Any]) -> str:
    """Two networks share their control if they are built alike and get the same: texts may be cut differently."""
    digest = hashlib.sha256(architecture.encode())
    for name, x in inputs.items():
        digest.update(f"{name} {x.shape}".encode())
        digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()
