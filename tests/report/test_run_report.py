"""The report of a single run, as PDF and as HTML, and the commands that write both reports."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.config import OptimizationConfig
from core.errors import LabError, RunStateError
from core.health import METRICS
from core.report.run_report import run_page, run_report
from core.store import Store
from tests.app.conftest import REASON, add_run
from tests.report.conftest import NAME, Lab, pages, squeezed


@pytest.fixture
def run(empty: Lab) -> Store:
    """A run of three trials: completed, pruned and failed."""
    add_run(empty.store, "mine", dataset_name="digits", search_space={"conv_layers": 2})
    return empty.store


def test_it_says_what_was_searched_and_what_was_found(empty: Lab, run: Store) -> None:
    found = pages(run_report(empty.settings, run, "mine"))
    words = " ".join(found)
    assert len(found) <= 3 and f"page 1 of {len(found)}" in found[0]
    assert "Run report: mine" in words and "conv_layers = 2" in words and "Trial 0 of 3 is the best" in words
    assert "0.7836" in words and "0.5120" in words and "12,345" in words and "1 completed, 1 pruned, 1 failed" in words
    assert "90.00 % (95 % Wilson 82.56 to 94.48, n = 100)" in words
    for metric in METRICS.values():
        assert metric.label in words
    assert REASON in words, "why a component is missing"
    assert "below the median of earlier trials" in words and "out of memory" in words
    assert "None" not in words.split() and "nan" not in words.lower().split()


def test_the_page_holds_the_same_and_needs_no_network(empty: Lab, run: Store) -> None:
    page = run_page(empty.settings, run, "mine")
    assert page.count("Plotly.newPlot(") == 2 and 'src="http' not in page and 'lang="en"' in page
    for words in ("0.7836", "out of memory", "12,345", html.escape(REASON)):
        assert words in page


def test_hostile_words_are_only_words(empty: Lab) -> None:
    add_run(empty.store, "mine", dataset_name="digits", search_space={"optimizer": "<img src=x>&"})
    assert squeezed("<img src=x>&") in squeezed(
        " ".join(pages(run_report(empty.settings, empty.store, "mine", "Letter")))
    )
    assert "<img src=x>" not in run_page(empty.settings, empty.store, "mine")


def test_without_a_trial_or_a_run_it_says_so(empty: Lab, run: Store) -> None:
    with pytest.raises(RunStateError, match="unknown run 'other'"):
        run_report(empty.settings, run, "other")
    run.create_run("new", OptimizationConfig(run_name="new"))
    with pytest.raises(LabError, match="has no trial yet"):
        run_report(empty.settings, run, "new")


def test_the_commands_write_both_reports(
    empty: Lab, run: Store, stored: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, value in empty.settings.environment().items():
        monkeypatch.setenv(name, value)
    short = {name: stored["results"][name] for name in ("generalization", "failures")}
    empty.add(NAME, stored["config"], short, stored["openings"])
    pdf, page = tmp_path / "a.pdf", tmp_path / "a.html"
    assert main(["report", NAME, "--output", str(pdf), "--paper", "Letter", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(pdf), "bytes": pdf.stat().st_size}
    assert pdf.read_bytes().startswith(b"%PDF")
    assert main(["run-report", "mine", "--output", str(pdf)]) == 0 and pdf.read_bytes().startswith(b"%PDF")
    assert main(["run-report", "mine", "--output", str(page), "--html"]) == 0 and "Plotly" in page.read_text()
    assert main(["report", NAME, "--output", str(pdf), "--paper", "A5"]) == 2
    assert main(["report", NAME, "--output", str(tmp_path / "no" / "a.pdf")]) == 1
    assert "cannot be written" in capsys.readouterr().err
