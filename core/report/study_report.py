"""The report of a study as a PDF: claims, method, what every module found, conclusions, and an appendix."""

from __future__ import annotations

from typing import Any

from core.code_version import code_version
from core.config import Settings
from core.report.blocks import bullets, heading, room_for, text
from core.report.document import Facts, build
from core.report.section_appendix import appendix
from core.report.section_conclusions import conclusions
from core.report.section_generalization import generalization
from core.report.section_method import method
from core.report.section_module import module
from core.report.section_summary import summary, title_page
from core.report.study_source import StudySource
from core.report.style import Paper, Sheet
from core.store import Store
from core.study_store import StudyStore


def study_report(settings: Settings, store: Store, studies: StudyStore, name: str, paper: Paper = "A4") -> bytes:
    """Return the report of a study as a PDF. Raises LabError when the study was not compared yet."""
    source, sheet = StudySource.read(settings, store, studies, name), Sheet(paper)
    story: list[Any] = [*title_page(source, sheet), *summary(source, sheet), room_for(140), *method(source, sheet)]
    story += [room_for(170), heading("What was measured"), *generalization(source, sheet)]
    for one in source.measured():
        story += module(source, sheet, one)
    story += _missing(source)
    story += [room_for(200), *conclusions(source), room_for(170), *appendix(source, sheet)]
    return build(story, sheet, _facts(source))


def _missing(source: StudySource) -> list[Any]:
    """Return a line with its reason for every module without a result."""
    missing = source.missing()
    if not missing:
        return []
    lines = [f"{label}: {reason}." for label, reason in missing]
    return [heading("Not in this report", "H2"), text("Analyses that have nothing to show, and why:"), *bullets(lines)]


def _facts(source: StudySource) -> Facts:
    study = source.study
    return Facts(
        title=f"Study report: {study.name}",
        subject=f"Accuracy-only against health-aware search on {source.dataset_label}, {study.config.runs} pairs",
        keywords=("model health", "hyperparameter search", "holdout", study.config.dataset_name, study.name),
        running=f"Study {study.name} · {source.dataset_label}" + (" · exploratory" if source.exploratory else ""),
        version=code_version(),
    )
