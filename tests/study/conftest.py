"""A small real study on digits, run once to its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from core.config import Settings
from core.store import Store
from core.study import StudyRunner, create_study
from core.study_comparison import compare
from core.study_config import StudyConfig
from core.study_store import StudyStore

# Small networks and a space that is wide enough for the modes to part.
SPACE = {
    "conv_layers": 1,
    "filters_1": {"low": 4, "high": 32, "log": True},
    "dense_layers": 1,
    "dense_units_1": {"low": 8, "high": 64, "log": True},
    "batch_size": 64,
    "global_pooling": "max",
}
CONFIG = StudyConfig(runs=5, trials=7, epochs=3, concurrent_workers=2, search_space=SPACE, study_name="small")


@dataclass(frozen=True)
class StudyLab:
    """A lab of its own with its stores."""

    settings: Settings
    store: Store
    studies: StudyStore

    @classmethod
    def at(cls, folder: Path, data: Path) -> StudyLab:
        settings = Settings.from_environment({"MHL_DATA_DIR": str(data), "MHL_RESULTS_DIR": str(folder / "results")})
        store = Store(settings)
        return cls(settings, store, StudyStore(store.engine))

    @property
    def environ(self) -> dict[str, str]:
        return self.settings.environment()

    def runner(self, name: str) -> StudyRunner:
        comparison = partial(compare, self.settings, self.store, self.studies)
        return StudyRunner(name, self.settings, self.store, self.studies, compare=comparison)


@pytest.fixture
def lab_here(tmp_path: Path, lab: Settings) -> StudyLab:
    return StudyLab.at(tmp_path, lab.data_dir)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, lab: Settings) -> Iterator[StudyLab]:
    """The study `small`, undisturbed."""
    there = StudyLab.at(tmp_path_factory.mktemp("study"), lab.data_dir)
    there.runner(create_study(CONFIG, there.studies).name).work()
    yield there
