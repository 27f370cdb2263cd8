"""The data page: what is known of each data set, a look into its rows, and bringing one's own."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.data_import import free_name
from app.components.data_progress import progress_text
from app.components.data_report import facts
from core import dataset_jobs
from core.dataset_jobs import Job
from core.dataset_removal import remove_dataset
from core.datasets import DATASETS
from core.datasets.cache import is_cached, prepare
from core.errors import RunStateError
from core.importing.options import ImportOptions
from core.importing.report import ImportReport
from core.service import RunService
from tests.app.conftest import add_run
from tests.test_dataset_jobs import pictures, reviews, settled

_PATIENCE = 20.0  # seconds


@pytest.fixture
def data(page: AppTest) -> AppTest:
    """The data page, not yet drawn."""
    return page.run().switch_page("../pages/data.py")


def texts(page: AppTest) -> str:
    """Everything that is written on the page."""
    elements = [*page.markdown, *page.caption, *page.info, *page.error, *page.warning, *page.subheader]
    return "\n".join(str(element.value) for element in elements)


def key_of(page: AppTest, start: str) -> str:
    """The key of the button whose key begins with `start`."""
    return next(button.key for button in page.button if button.key and button.key.startswith(start))


def wait_for_jobs(service: RunService) -> None:
    for job in service.jobs.jobs():
        settled(service.jobs, job)


def test_lists_every_data_set_with_where_it_is(data: AppTest) -> None:
    data.run()
    assert not data.exception
    table = data.dataframe[0].value
    assert len(table) == len(DATASETS)
    places = dict(zip(table["Data set"], table["Where"], strict=True))
    assert places["Digits (8×8)"] == "✔ ships with the program" and places["MNIST"] == "⇣ to download"
    assert "Digits" in data.subheader[0].value


def test_the_address_chooses_the_data_set_and_follows_the_choice(data: AppTest) -> None:
    data.query_params["dataset"] = "mnist"
    data.run()
    assert data.subheader[0].value == "MNIST" and DATASETS["mnist"].source in texts(data)
    data.selectbox(key="data_chosen").set_value("reuters").run()
    assert data.query_params["dataset"] in ("reuters", ["reuters"])
    assert "Reuters" in data.subheader[0].value
    data.query_params["dataset"] = "gone"
    data.run()
    assert "There is no data set named “gone”" in data.warning[0].value and "Digits" in data.subheader[0].value


def test_fetching_brings_split_classes_and_examples(data: AppTest, service: RunService) -> None:
    data.run()
    assert not [one for one in data.subheader if one.value == "Split"]
    data.button(key="data_fetch").click().run()
    wait_for_jobs(service)
    data.run()
    assert not data.exception and is_cached("digits", service.settings)
    assert [one.value for one in data.subheader][1:] == ["Split", "Class balance", "Examples"]
    written = texts(data)
    assert "**Rows:** 1,797" in written and "rows (60 %): networks learn from it" in written
    assert "The holdout cannot be looked at" in written
    assert "holdout" not in data.segmented_control(key="data_part").options


def test_a_fetch_under_way_shows_its_progress_and_can_be_cancelled(
    data: AppTest, service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def slow(_name: object, _settings: object, tell: object) -> None:
        while True:
            tell(1_000_000, 4_000_000, "part.gz")  # type: ignore[operator]
            reached.set()
            time.sleep(0.01)

    monkeypatch.setattr(dataset_jobs, "prepare", slow)
    data.run().button(key="data_fetch").click().run()
    assert reached.wait(_PATIENCE)
    data.run()
    assert not data.exception and not [button for button in data.button if button.key == "data_fetch"]
    data.button(key=key_of(data, "cancel_")).click().run()
    wait_for_jobs(service)
    data.run()
    assert "The fetch was cancelled" in texts(data) and data.button(key="data_fetch").label == "Fetch again"


def test_examples_are_paged_and_narrowed_to_a_class(data: AppTest, service: RunService) -> None:
    prepare("digits", service.settings)
    data.run()
    first = next(caption.value for caption in data.caption if "rows of the train part" in caption.value)
    assert first.startswith("1–24 of 1,07")
    data.button(key="data_next").click().run()
    assert "25–48 of" in texts(data)
    data.segmented_control(key="data_part").set_value("test").run()
    data.selectbox(key="data_class_digits").set_value(3).run()
    assert not data.exception
    counts = int(next(c.value for c in data.caption if "rows of the test part" in c.value).split(" of ")[1].split()[0])
    assert 10 <= counts <= 25


def test_texts_are_shown_as_words(data: AppTest, service: RunService, mirror: Path) -> None:
    prepare("reuters", replace(service.settings, dataset_mirror=mirror))
    data.query_params["dataset"] = "reuters"
    data.run()
    assert not data.exception
    shown = [block.value for block in data.markdown if len(block.value.split()) > 30]
    assert len(shown) >= 3 and any("vs" in text.split() or "the" in text.split() for text in shown)
    assert "789 rows repeat another one" in texts(data)


@pytest.mark.parametrize("file", ["reviews.csv", "squares.zip"])
def test_a_file_is_checked_reported_used_and_removed(data: AppTest, service: RunService, file: str) -> None:
    content = (pictures() if file.endswith("zip") else reviews()).getvalue()
    name = file.split(".")[0]
    data.query_params["view"] = "own"
    data.run().file_uploader[0].set_value((file, content, "application/octet-stream")).run()
    assert not data.exception
    images = [box.key for box in data.selectbox if box.key == "data_side"]
    columns = [box.key for box in data.text_input if box.key == "data_text_column"]
    assert (len(images), len(columns)) == ((1, 0) if file.endswith("zip") else (0, 1))
    data.button(key="data_check").click().run()
    wait_for_jobs(service)
    data.run()
    assert not data.exception and name not in DATASETS
    assert f"**{'24 images' if file.endswith('zip') else '30 texts'}** in 2 classes" in texts(data)
    data.button(key=key_of(data, "data_use_")).click().run()
    wait_for_jobs(service)
    data.run()
    assert not data.exception
    assert data.query_params["dataset"] in (name, [name]) and data.subheader[0].value == name
    assert "imported by you" in texts(data) and f"from {file}" in texts(data)  # the report is kept
    setup = data.switch_page("../pages/exploration.py").run()
    assert name in DATASETS and name in setup.selectbox(key="dataset").options
    add_run(service.store, "user", status="running", dataset_name=name)
    with pytest.raises(RunStateError, match="stop that run first"):
        remove_dataset(name, service.store, service.settings)
    service.store.update_run("user", status="completed")
    remove_dataset(name, service.store, service.settings)
    assert name not in DATASETS
    assert not data.switch_page("../pages/data.py").run().exception


def test_what_cannot_be_read_is_said_in_the_words_of_the_form(data: AppTest, service: RunService) -> None:
    data.query_params["view"] = "own"
    data.run().file_uploader[0].set_value(("t.csv", b"a,b,c\n1,2,3\n4,5,6\n", "text/csv")).run()
    data.button(key="data_check").click().run()
    wait_for_jobs(service)
    data.run()
    assert "“Column with the texts”" in data.error[0].value and "a, b, c" in data.error[0].value
    data.text_input(key=next(box.key for box in data.text_input if box.label == "Name")).set_value("No good").run()
    data.button(key="data_check").click().run()
    assert "not allowed" in data.error[0].value
    data.button(key=key_of(data, "data_discard_")).click().run()
    assert service.jobs.imports() == () and not data.error


def test_lost_rows_are_said_and_do_not_break_the_page(data: AppTest, service: RunService) -> None:
    content = reviews()
    content.seek(0)
    checked = settled(
        service.jobs, service.jobs.check(service.jobs.spool("r.csv", content), ImportOptions(name="mine"))
    )
    settled(service.jobs, service.jobs.use(checked.id))
    np.save(service.settings.data_dir / "mine" / "arrays" / "y.npy", np.zeros(3, np.int64))
    data.query_params["dataset"] = "mine"
    data.run()
    assert not data.exception
    assert "missing or damaged" in data.error[0].value and data.button(key="data_remove")
    assert not data.switch_page("../pages/exploration.py").run().exception


def test_progress_is_short_and_in_units_of_the_job() -> None:
    job = Job(id="1", kind="fetch", name="mnist", state="running", note="x.gz", done=12_000_000, total=30_000_000)
    assert progress_text(job, "Fetching MNIST") == "Fetching MNIST … · x.gz · 12.0 of 30.0 MB"
    check = Job(id="1", kind="import", name="m", state="running", note="images", done=9, total=1200, seconds_left=5.0)
    assert progress_text(check, "Checking m") == "Checking m … · images · 9 of 1,200 · about 5 s left"


def test_a_report_names_only_what_was_found() -> None:
    report = ImportReport(kind="image", source="a.zip", rows=20, class_counts={"a": 10, "b": 10}, widths=(8, 8, 8))
    assert facts(report) == ["**20 images** in 2 classes, from a.zip", "Widths: all 8 pixels"]
    found = facts(ImportReport(kind="text", source="a.csv", rows=2, class_counts={"a": 2}, conflicting=3))
    assert found[-1] == "3 repeat one of another class: the same content with two labels"


@pytest.mark.parametrize(
    ("file", "name"),
    [("digits.zip", "digits_2"), ("custom.csv", "custom_2"), ("ü.csv", "data"), ("3 D.zip", "data_3_d")],
)
def test_a_free_name_is_proposed(file: str, name: str) -> None:
    assert free_name(file) == name
