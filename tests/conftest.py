"""What all tests share: settings on temporary folders, the data set mirror, and prepared digits."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import optuna
import pytest

from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.split import SplitParts, prepare_split

REPOSITORY = Path(__file__).resolve().parents[1]
optuna.logging.set_verbosity(optuna.logging.WARNING)


def pytest_configure() -> None:
    """Look for Streamlit components once: every AppTest reads the metadata of all packages, half a second each time."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the groups of tests that share something costly on one worker."""
    from tests.groups import Groups

    return Groups(config, log)


def settings_for(data_dir: Path, mirror: Path | None = None) -> Settings:
    """Return settings that keep their data in `data_dir`."""
    environ = {"MHL_DATA_DIR": str(data_dir), "MHL_RESULTS_DIR": str(data_dir / "results")}
    return Settings.from_environment(environ | ({"MHL_DATASET_MIRROR": str(mirror)} if mirror else {}))


def find_mirror() -> Path | None:
    """Return the mirror named by the environment, or the one beside the repository."""
    named = os.environ.get("MHL_DATASET_MIRROR")
    mirror = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    return mirror if mirror.is_dir() else None


@pytest.fixture(scope="session")
def mirror() -> Path:
    found = find_mirror()
    if found is None:
        pytest.skip("no data set mirror: set MHL_DATASET_MIRROR")
    return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose cache the whole test session shares; tests that damage things use `settings`."""
    return settings_for(tmp_path_factory.mktemp("data"), find_mirror())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with an empty cache and no mirror."""
    return settings_for(tmp_path / "data")


@pytest.fixture(scope="session")
def digits(lab: Settings) -> SplitParts:
    """The split of digits that trials train on."""
    return prepare_split(prepare("digits", lab), 42, lab)
