"""What an analysis module works with: the networks of a study, the opened holdout, and what they say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Asked, Clock, Subject
from core.analyses.evaluation import Predictions
from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import DATASETS, DatasetEntry
from core.datasets.cache import CachedDataset, prepare
from core.datasets.parts import Part
from core.datasets.split import fitted_words, read_indices
from core.datasets.text import WordIndex
from core.diagnostics import load_diagnostics
from core.records import from_json
from core.study_config import StudyConfig
from core.study_networks import Networks, PoolTrial, StudyNetwork, selected
from core.trial import PLOTS, SPEC_FILE, TrialSpec

Probabilities = NDArray[np.float32]


@dataclass(kw_only=True)
class AnalysisContext:
    """Lives in the process that analyses. `predictions` are those of every network on the untouched holdout."""

    config: StudyConfig
    settings: Settings
    networks: Networks
    predictions: Mapping[str, Predictions]
    trials: Sequence[PoolTrial] = ()  # all of the study, best or not
    answers_dir: Path | None = None  # where answers to other rows are kept; None: nowhere
    on_progress: Callable[[float], None] = lambda _: None
    clock: Clock = field(default_factory=Clock, repr=False)
    _models: dict[str, Asked] = field(default_factory=dict, repr=False)

    @property
    def entry(self) -> DatasetEntry:
        """The data set of the study."""
        return DATASETS[self.config.dataset_name]

    @property
    def seed(self) -> int:
        """Where chance starts in an analysis."""
        return self.config.random_seed

    @cached_property
    def dataset(self) -> CachedDataset:
        """The whole data set."""
        return prepare(self.config.dataset_name, self.settings)

    @property
    def models(self) -> tuple[StudyNetwork, StudyNetwork]:
        """Model A and model B, which stand for their modes."""
        return selected(self.networks)

    @property
    def pairs(self) -> list[tuple[StudyNetwork, StudyNetwork]]:
        """The two networks of every pair whose runs both have one."""
        second = {one.pair: one for one in self.networks["health_aware"]}
        return [(one, second[one.pair]) for one in self.networks["accuracy_only"] if one.pair in second]

    @property
    def everyone(self) -> list[StudyNetwork]:
        """All networks."""
        return [one for ones in self.networks.values() for one in ones]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Classes of the holdout's rows (n,)."""
        return next(iter(self.predictions.values())).labels

    def holdout(self, network: StudyNetwork | PoolTrial | Subject) -> Part:
        """Return the holdout in the order of `predictions`; own texts are in the words that the network knows."""
        order = np.argsort(read_indices(network.split)[1]["holdout"])
        return _ordered(open_holdout(self.dataset, network.split), order)

    def validation(self, network: StudyNetwork) -> tuple[Probabilities, NDArray[np.int64]]:
        """Return what the network says about its own validation rows, and their classes.

        Read from its stored diagnostics; where those are missing, the network is asked.
        """
        stored = load_diagnostics(network.folder / PLOTS)
        if stored is not None:
            return stored.probabilities, stored.labels
        indices = read_indices(network.split)[1]
        rows = self.dataset.arrays().take(indices["validation"])
        if self.entry.custom and rows.tokens is not None:  # in the words that the network was trained with
            rows = replace(rows, tokens=fitted_words(self.dataset, indices["train"])[1][rows.tokens])
        part = Part(name="validation", y=rows.y, x=rows.x, tokens=rows.tokens, offsets=rows.offsets)
        return self.predict(network, part), rows.y

    def words(self, network: StudyNetwork | PoolTrial | Subject) -> WordIndex:
        """Return the words behind the token ids of `holdout(network)`."""
        if self.entry.custom:
            return fitted_words(self.dataset, read_indices(network.split)[1]["train"])[0]
        return self.dataset.word_index()

    def spec(self, network: StudyNetwork) -> TrialSpec:
        """Return what the network was trained by."""
        return from_json(TrialSpec, (network.folder / SPEC_FILE).read_text(encoding="utf-8"))

    def model(self, network: StudyNetwork) -> Any:
        """Return the network itself, loaded once."""
        return self._asked(network).model

    def predict(self, network: StudyNetwork, part: Part) -> Probabilities:
        """Return class probabilities (n, classes) of a network for other rows."""
        return self._asked(network).predict(part)

    def _asked(self, network: StudyNetwork) -> Asked:
        if network.name not in self._models:
            self._models[network.name] = Asked(Subject.of(network), self.clock)
        return self._models[network.name]

    def report(self, share: float) -> None:
        """Tell how much of the module is done, from 0 to 1."""
        self.on_progress(min(max(share, 0.0), 1.0))


def _ordered(part: Part, order: NDArray[np.int64]) -> Part:
    """Put the rows of a part in another order."""
    if part.x is not None:
        return replace(part, x=part.x[order], y=part.y[order])
    assert part.tokens is not None and part.offsets is not None
    lengths = np.diff(part.offsets)[order]
    pieces = [part.tokens[part.offsets[row] : part.offsets[row + 1]] for row in order]
    tokens = np.concatenate(pieces) if pieces else part.tokens[:0]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(part.offsets.dtype)
    return replace(part, y=part.y[order], tokens=tokens, offsets=offsets)
