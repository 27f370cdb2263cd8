"""A study from its form to its verdict: the real server, real training, a real browser."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("browser")]
_PATIENCE = 150_000  # milliseconds that training may take on a busy machine


def press(page: Page, label: str) -> Locator:
    """The button with this label."""
    return page.get_by_role("button", name=label, exact=True)


def save(page: Page, label: str) -> Path:
    """Press a download button and return the file."""
    with page.expect_download() as download:
        press(page, label).click()
    return Path(download.value.path())


def fill(page: Page, **numbers: int) -> None:
    """Fill in the numbers of the form."""
    labels = {"runs": "Runs per mode", "trials": "Trials per run", "epochs": "Epochs per trial", "workers": "Workers"}
    for name, value in numbers.items():
        field = page.get_by_role("spinbutton", name=labels[name])
        field.fill(str(value))
        field.press("Tab")


def test_from_the_form_to_the_verdict(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("link", name="Hyperparameter Study").click()
    expect(page.get_by_text("The question.")).to_be_visible()
    fill(page, runs=5, trials=5, epochs=3, workers=2)
    expect(page.get_by_text("no p value can be below 0.0625")).to_be_visible()
    expect(page.get_by_text("that is all of them")).to_be_visible()
    press(page, "Start the study").click()

    expect(page.get_by_text("running", exact=True)).to_be_visible()
    assert "study=study_digits_" in page.url
    expect(page.get_by_text("Run 1 of 5, trial 2 of 5")).to_be_visible(timeout=_PATIENCE)
    expect(page.get_by_text("Best so far by total score")).to_be_visible()
    expect(page.get_by_text("taken over instead of trained twice")).to_be_visible(timeout=_PATIENCE)
    page.get_by_role("radio", name="Result", exact=True).click()
    expect(page.get_by_text("only then is the holdout opened")).to_be_visible()

    card = page.locator(".st-key-study_card")
    expect(card).to_be_visible(timeout=_PATIENCE)  # it follows the study to its end by itself
    expect(page.get_by_text("completed", exact=True)).to_be_visible()
    result = json.loads(save(page, "Results (.json)").read_text())
    found = result["results"]["generalization"]
    assert found["procedure"]["verdict"]["winner"] is None  # five pairs cannot
    expect(card).to_contain_text(found["procedure"]["verdict"]["sentence"])
    assert found["trainings"] == {"trained": 25, "taken_over": 25}
    rows = list(csv.DictReader(io.StringIO(save(page, "Runs (.csv)").read_text())))
    assert [row["status"] for row in rows] == ["completed"] * 10

    page.get_by_role("radio", name="Analyses", exact=True).click()
    claims = page.locator(".st-key-study_claims")
    expect(claims.get_by_text("Not measured yet: run this analysis.")).to_have_count(4)
    page.get_by_role("checkbox", name="Transfer").uncheck(
        force=True
    )  # its probes take a minute; it has tests of its own
    press(page, "Run analysis").click()
    expect(press(page, "Stop the analysis")).to_be_visible()
    expect(claims.get_by_text("Not measured yet: run this analysis.")).to_have_count(1, timeout=_PATIENCE)
    expect(press(page, "Run analysis")).to_be_visible(timeout=_PATIENCE)  # all of them have ended
    expect(claims).to_contain_text("corrected for")
    for label in ("Robustness", "Distribution shift", "Calibration", "Ablation", "Per class", "Failures"):
        page.get_by_role("radio", name=label, exact=True).click()
        body = page.locator(f".st-key-analysis_{label.lower().replace(' ', '_')}")
        expect(body.get_by_text("What this shows, and how sure it is")).to_be_visible()
        expect(body.locator(".js-plotly-plot").first).to_be_visible()
    failures = json.loads(save(page, "Result (.json)").read_text())
    assert sum(one["count"] for one in failures["categories"]) == found["holdout_rows"]
    expect(page.locator(".st-key-failure_examples img").first).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")  # charts need a moment to shrink
    assert visitor.troubles == []
    page.reload()  # the address holds the study; Streamlit looks for its server below a page's path first, and fails
    expect(failures_tab := page.locator(".st-key-analysis_failures")).to_be_visible()
    expect(failures_tab).to_contain_text("On which rows do the models fail")
