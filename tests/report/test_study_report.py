"""The PDF report of a study: what it says is what was stored, whatever was measured."""

from __future__ import annotations

import copy
import ctypes
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from core.analyses import MODULES
from core.claims import judge
from core.errors import LabError
from core.report.section_appendix import comparisons, raw_rows
from core.report.section_summary import claim_table
from core.report.study_source import StudySource
from core.stats import detectable_effect
from core.study_statistics import statistics
from core.study_tables import table_rows
from tests.app.studies import BETTER, NOTHING, analysed
from tests.report.conftest import NAME, Lab, flat, make_lab, pages, squeezed

EXTRA = {
    "trainings": {"trained": 40, "taken_over": 20},
    "opening": {"at": 1.8e9, "code": "0.1.0+abc", "networks": "f00"},
    "reused_holdout": None,
}
CONFIG = {"dataset_name": "digits", "runs": 6, "trials": 5, "epochs": 3, "concurrent_workers": 2}


def made_up(gains: tuple[float, ...], **changes: Any) -> dict[str, Any]:
    result = analysed(gains) | EXTRA | changes
    return {"config": CONFIG, "results": {"generalization": result}, "openings": [EXTRA["opening"]]}


def test_all_modules_fill_ten_to_fifteen_pages_of_both_papers(
    whole: bytes, stored: dict[str, Any], empty: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    empty.add(NAME, **stored)
    caplog.set_level(logging.ERROR)
    letter = empty.report(NAME, "Letter")
    assert not caplog.records, "a figure or a table could not be made"
    for pdf, size in ((whole, (595, 842)), (letter, (612, 792))):
        found = pages(pdf)
        assert 10 <= len(found) <= 15
        document = pypdfium2.PdfDocument(pdf)
        assert all(tuple(map(round, page.get_size())) == size for page in document)
        document.close()
        for number, words in enumerate(found, start=1):
            assert f"page {number} of {len(found)}" in words
            assert f"Study {NAME} · MNIST" in words
        for module in MODULES:
            assert any(MODULES[module].question in words for words in found)


def test_every_number_is_that_of_the_stored_results(whole: bytes, stored: dict[str, Any], empty: Lab) -> None:
    empty.add(NAME, **stored)
    words = squeezed(" ".join(pages(whole)))
    source = StudySource.read(empty.settings, empty.store, empty.studies, NAME)
    first = stored["results"]["generalization"]
    rows = [*claim_table(source.findings, exploratory=False), *table_rows(first), *raw_rows(source)]
    for name in source.measured():
        result = stored["results"][name]
        rows += comparisons([one for one in result.get("runs", []) if "/" not in one["measure"]])
        for line in result["reading"]:
            assert squeezed(line) in words, line
    assert len(source.measured()) == 7 and len(rows) > 50
    cells = [value for row in rows for value in row.values()] + [one.value for one in statistics(first["procedure"])]
    for cell in cells:
        if isinstance(cell, str):
            assert squeezed(cell) in words, cell


def test_the_rows_themselves_hold_the_stored_numbers(whole: bytes, stored: dict[str, Any]) -> None:
    """Not by way of the functions that the report uses."""
    words = squeezed(" ".join(pages(whole)))
    first = stored["results"]["generalization"]
    for pair in first["pairs"]:
        for mode in ("accuracy_only", "health_aware"):
            numbers = [f"{100 * pair[mode][part]:.2f}" for part in ("train", "validation", "test", "holdout")]
            assert "".join(numbers) in words
            assert f"{pair[mode]['health']:.4f}" in words and f"{pair[mode]['parameters']:,}" in words
    claim = next(one for one in stored["results"]["robustness"]["runs"] if not one["exploratory"])
    gain, values = claim["gain"], claim["values"]
    told = f"+{100 * gain['mean']:.2f}(−{-100 * gain['low']:.2f}to+{100 * gain['high']:.2f})points"
    effect = detectable_effect(len(values["accuracy_only"]), gain["sd"]).difference
    assert told in words and f"{100 * (effect or 0):.2f}points" in words
    assert stored["openings"][0]["networks"] in words


def test_nothing_is_nan_or_none_and_no_heading_ends_a_page(whole: bytes) -> None:
    found = pages(whole)
    for words in found:
        assert "nan" not in words.lower().split() and "None" not in words.split() and "\ufffd" not in words
        body = words.split("Program version")[0].strip()
        for module in MODULES:
            assert not body.endswith((MODULES[module].label, MODULES[module].question))
        assert not body.endswith(("Method", "Statistical appendix", "Every run", "Provenance", "What was measured"))


def test_it_can_be_walked_through_by_its_outline_its_links_and_its_tags(whole: bytes) -> None:
    document = pypdfium2.PdfDocument(whole)
    titles = [(one.level, one.get_title()) for one in document.get_toc()]
    assert (0, "Executive summary") in titles and (0, "Statistical appendix") in titles
    assert {MODULES[name].label for name in MODULES} <= {title for level, title in titles if level == 1}
    meta = document.get_metadata_dict()
    assert meta["Title"] == f"Study report: {NAME}" and meta["Author"] == "Model Health Lab"
    assert "MNIST" in meta["Subject"] and "holdout" in meta["Keywords"]
    assert pdfium.FPDFCatalog_IsTagged(document)
    roles, alts = set(), []
    for page in document:
        tree = pdfium.FPDF_StructTree_GetForPage(page)
        for child in range(pdfium.FPDF_StructTree_CountChildren(tree)):
            walk(pdfium.FPDF_StructTree_GetChildAtIndex(tree, child), roles, alts)
        pdfium.FPDF_StructTree_Close(tree)
    assert {"Document", "H1", "H2", "H3", "P", "LI", "Table", "TR", "TH", "TD", "Figure", "TOC"} <= roles
    assert len(alts) > 15 and all(alts)
    links = sum(b"/Subtype /Link" in part for part in whole.split(b"endobj"))
    document.close()
    assert links >= len(titles)
    assert b"/Lang" in whole and b"/DisplayDocTitle true" in whole and b"/Marked true" in whole


def walk(element: Any, roles: set[str], alts: list[str]) -> None:
    role = told(pdfium.FPDF_StructElement_GetType, element)
    roles.add(role)
    if role == "Figure":
        alts.append(told(pdfium.FPDF_StructElement_GetAltText, element))
    for child in range(pdfium.FPDF_StructElement_CountChildren(element)):
        inner = pdfium.FPDF_StructElement_GetChildAtIndex(element, child)
        if inner:
            walk(inner, roles, alts)


def told(ask: Any, element: Any) -> str:
    length = ask(element, None, 0)
    buffer = ctypes.create_string_buffer(length)
    ask(element, buffer, length)
    return buffer.raw.decode("utf-16-le").rstrip("\0")


def test_its_fonts_are_embedded(whole: bytes) -> None:
    document = pypdfium2.PdfDocument(whole)
    fonts = {
        one.get_font().get_base_name(): one.get_font().is_embedded
        for page in document
        for one in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT])
    }
    document.close()
    assert fonts and all(fonts.values()) and all("DejaVuSansCondensed" in name for name in fonts)


def test_nothing_shown_is_read_as_nothing_shown(empty: Lab) -> None:
    empty.add("mine", **made_up(NOTHING))
    found = pages(empty.report("mine"))
    words = " ".join(found)
    assert len(found) < 10
    assert "Winner" not in words and "No recommendation for either mode" in words and "not shown" in words
    assert words.count("not run") >= 8  # four claims, and every module with its reason
    assert "Robustness: not run." in words


def test_a_winner_of_the_holdout_alone_is_taken_back_by_the_correction(empty: Lab) -> None:
    """Six pairs that all point the same way have p = 0.031, which five claims together do not leave."""
    empty.add("mine", **made_up(BETTER))
    words = " ".join(pages(empty.report("mine")))
    alone = analysed(BETTER)["procedure"]["verdict"]["sentence"]
    assert f"On this measure alone: {alone} After the correction" in words
    assert "No recommendation for either mode" in words


def test_a_holdout_that_was_opened_before_makes_it_exploratory(empty: Lab) -> None:
    warning = "The holdout was first opened on 2026-01-01, and training was changed afterwards."
    found = made_up(BETTER, reused_holdout=warning)
    found["openings"] = [{"at": 1.7e9, "code": "0.0.1", "networks": "0ld"}, EXTRA["opening"]]
    empty.add("mine", **found)
    words = pages(empty.report("mine"))
    assert all("exploratory" in page for page in words)
    assert "Exploratory. " + warning in words[0] and "(exploratory)" in " ".join(words)
    assert "opened 2 times" in " ".join(words) and "0ld" in " ".join(words)


HOSTILE = "<b>bold</b> & <script> お α"


@pytest.fixture(scope="module")
def troubled(stored: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], str]:
    """The words of a study with hostile names and results that are missing, old or of another version; its log."""
    document = copy.deepcopy(stored)
    results = document["results"]
    mark = results["generalization"]["opening"]["networks"]
    results["transfer"] = {"status": "skipped", "reason": "no <b>foreign</b> set", "fingerprint": mark}
    results["failures"]["fingerprint"] = "old"
    del results["ablation"], results["per_class"]["classes"]
    results["per_class"]["reading"][0] = f"Model A finds {HOSTILE} least."
    results["calibration"]["runs"][0]["label"] = HOSTILE
    lab = make_lab(tmp_path_factory.mktemp("lab"))
    lab.add(NAME, **document)
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("core.report").addHandler(handler)
    try:
        words = " ".join(pages(lab.report(NAME)))
    finally:
        logging.getLogger("core.report").removeHandler(handler)
    return words, document, "\n".join(records)


def test_modules_that_were_skipped_failed_or_are_old_have_a_line_with_the_reason(
    troubled: tuple[str, Any, str],
) -> None:
    words = troubled[0]
    assert "Transfer: skipped: no <b>foreign</b> set." in words
    assert "Failures: its result is of networks that the study no longer has; run it again." in words
    assert "Ablation: not run." in words and MODULES["ablation"].question not in words


def test_names_are_shown_as_they_are_and_letters_that_no_font_has_by_their_name(troubled: tuple[str, Any, str]) -> None:
    assert squeezed(troubled[0]).count(squeezed("<b>bold</b> & <script> ⟨hiragana o⟩ α")) >= 2


def test_a_result_of_another_version_costs_its_figures_and_not_the_report(troubled: tuple[str, Any, str]) -> None:
    words, document, log = troubled
    assert flat(document["results"]["per_class"]["reading"][1]) in words
    assert "figures of per_class cannot be written" in log


def test_a_study_that_was_not_compared_has_no_report(empty: Lab) -> None:
    empty.add("mine", CONFIG, {}, [])
    with pytest.raises(LabError, match="was not compared yet"):
        empty.report("mine")


def test_findings_are_judged_as_on_the_page(stored: dict[str, Any], empty: Lab) -> None:
    empty.add(NAME, **stored)
    source = StudySource.read(empty.settings, empty.store, empty.studies, NAME)
    assert source.findings == judge(stored["results"], source.study.config.sesoi)


def test_it_neither_loads_keras_nor_scikit_learn(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom tests.report.conftest import make_lab\nfrom tests.report.stored import load\n"
        "lab, study = make_lab(pathlib.Path(sys.argv[1])), load()\n"
        "study['results'] = {k: v for k, v in study['results'].items() if k in ('generalization', 'failures')}\n"
        "lab.add('m', **study)\nlab.report('m')\n"
        "print(*[m for m in ('keras', 'tensorflow', 'sklearn', 'statsmodels', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
