"""What the report of a study is made from: all of it is stored, and nothing is computed anew but the claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.analyses import MODULES
from core.analyses.suite import FIRST, module_names
from core.claims import Finding, current, judge
from core.config import Settings
from core.datasets import DATASETS
from core.errors import LabError, RunStateError
from core.figures.mode_looks import MODE_LABELS
from core.report.fonts import has_fallbacks
from core.store import RunRecord, Store
from core.study_config import STUDY_MODES
from core.study_store import StudyRecord, StudyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySource:
    """A study with its results, claims and runs; `runs` by name, those that are still stored."""

    study: StudyRecord
    findings: tuple[Finding, ...]
    runs: Mapping[str, RunRecord]
    written: float  # when the report was asked for, seconds since the epoch

    @classmethod
    def read(cls, settings: Settings, store: Store, studies: StudyStore, name: str) -> StudySource:
        """Read a study. Raises LabError when it was not compared yet."""
        study = studies.study(name)
        if FIRST not in study.results:
            raise LabError(f"study {name!r} was not compared yet, so there is nothing to report; let it run to its end")
        DATASETS.follow(settings.data_dir)
        runs = {}
        for mode in STUDY_MODES:
            for pair in range(study.config.runs):
                run = study.config.run_name(mode, pair)
                try:
                    runs[run] = store.run(run)
                except RunStateError:  # it was deleted; the study keeps what it needs
                    continue
        findings = judge(study.results, study.config.sesoi)
        return cls(study=study, findings=findings, runs=runs, written=studies.now())

    @property
    def first(self) -> Mapping[str, Any]:
        """The result of module 1."""
        found: Mapping[str, Any] = self.study.results[FIRST]
        return found

    @property
    def exploratory(self) -> bool:
        """Whether the holdout was opened before for other networks."""
        return bool(self.first["reused_holdout"])

    @property
    def dataset_label(self) -> str:
        """The data set's name for people."""
        name = self.study.config.dataset_name
        return DATASETS[name].label if name in DATASETS else name

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known of the data from the first run that is still stored."""
        known = (run.facts for run in self.runs.values() if run.facts.get("data_hash"))
        return next(known, next((run.facts for run in self.runs.values()), {}))

    def measured(self) -> list[str]:
        """Return the modules with a result of the networks that the study has now, in their order."""
        return [name for name in module_names(["all"]) if self._ok(name)]

    def missing(self) -> list[tuple[str, str]]:
        """Return label and reason of every module that has nothing to show."""
        return [(MODULES[name].label, self._reason(name)) for name in module_names(["all"]) if not self._ok(name)]

    def names_letters(self) -> bool:
        """Return whether the report has to name letters that its font lacks."""
        name = self.study.config.dataset_name
        words = DATASETS[name].class_names if name in DATASETS else ()
        return any(has_fallbacks(word) for word in (*words, self.dataset_label))

    def _ok(self, name: str) -> bool:
        return current(self.study.results, name) and self.study.results[name]["status"] == "ok"

    def _reason(self, name: str) -> str:
        result = self.study.results.get(name)
        if result is None:
            return "not run"
        if not current(self.study.results, name):
            return "its result is of networks that the study no longer has; run it again"
        return f"{result['status']}: {str(result['reason']).rstrip('.')}"


def mode_rows(source: StudySource) -> list[tuple[int, str, str, Mapping[str, Any], bool]]:
    """Return pair, mode, its label, the network and whether both modes kept it, partners one below the other."""
    return [
        (pair["pair"], mode, MODE_LABELS[mode], pair[mode], pair["same_network"])
        for pair in source.first["pairs"]
        for mode in STUDY_MODES
    ]
