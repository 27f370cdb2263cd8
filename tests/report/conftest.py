"""A lab with a finished study, and what its report says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from core.config import Settings
from core.report.study_report import study_report
from core.store import Store
from core.study_config import StudyConfig
from core.study_store import StudyStore
from tests.conftest import settings_for
from tests.report.stored import load

NAME = "mnist5"


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab without runs; studies are put in as they were stored."""

    settings: Settings
    store: Store
    studies: StudyStore

    def add(self, name: str, config: dict[str, Any], results: dict[str, Any], openings: list[dict[str, Any]]) -> None:
        """Store a finished study."""
        self.studies.create(name, StudyConfig.from_dict(config | {"study_name": name}))
        self.studies.update(name, status="completed", phase="finished", results=results, openings=openings)

    def report(self, name: str, paper: Any = "A4") -> bytes:
        """Return the PDF of a study."""
        return study_report(self.settings, self.store, self.studies, name, paper)


def make_lab(folder: Path) -> Lab:
    settings = settings_for(folder)
    store = Store(settings)
    return Lab(settings, store, StudyStore(store.engine))


def pages(pdf: bytes) -> list[str]:
    """Return the words of every page, in one line each."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        found = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return [flat(words) for words in found]


def flat(words: Any) -> str:
    """Return words without the breaks that a page adds."""
    return " ".join(str(words).replace("\xa0", " ").replace("\ufffe", "-").split())


def squeezed(words: Any) -> str:
    """Return words without any space: a long one may be broken anywhere."""
    return flat(words).replace(" ", "")


@pytest.fixture(scope="session")
def stored() -> dict[str, Any]:
    """A real study; do not change it."""
    return load()


@pytest.fixture(scope="session")
def whole(stored: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The report of a study with all modules."""
    lab = make_lab(tmp_path_factory.mktemp("lab"))
    lab.add(NAME, **stored)
    return lab.report(NAME)


@pytest.fixture
def empty(tmp_path: Path) -> Lab:
    """A lab without studies."""
    return make_lab(tmp_path / "data")
