"""Names, addresses and JSON that mean harm or nonsense: each is refused with a sentence, or is as safe as any other."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.components import setup_address, study_address
from app.mounts.tensorboard import logs_of
from core.artifacts import RunFolder
from core.config import OptimizationConfig, check_run_name
from core.datasets.custom import check_name
from core.errors import InvalidInputError, LabError
from core.records import from_json, to_dict, to_json
from core.store import Store
from core.study_config import StudyConfig
from core.trial import TrialResult, TrialSpec
from tests.benchmarks.sleeping import sleeping_result
from tests.conftest import settings_for
from tests.hardening.fuzzing import HOSTILE, changed, json_values, places, quick, texts
from tests.test_optimizer import make_config

_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", re.IGNORECASE)
names = st.one_of(texts, st.text("abcABC019._-/\\:", min_size=1, max_size=85))


@quick
@given(name=names)
def test_a_name_is_refused_or_one_folder_below_the_results(name: str) -> None:
    settings = settings_for(Path("/nowhere"))
    for make in (lambda: OptimizationConfig(run_name=name), lambda: RunFolder(settings, name)):
        try:
            make()
        except InvalidInputError as error:
            assert len(str(error)) < 400
        else:
            path = (settings.results_dir / name).resolve()
            assert path.parent == settings.results_dir and path.name == name and name.isascii() and len(name) <= 80
            assert (
                not _DEVICE.fullmatch(name) and not name.startswith(("lab.sqlite3", ".", "-")) and name[-1] not in ". "
            )
    try:
        config = StudyConfig(study_name=name)
    except InvalidInputError:
        return
    for pair in (0, 19):
        check_run_name(config.run_name("accuracy_only", pair))
        check_run_name(config.run_name("health_aware", pair))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_everywhere(name: str) -> None:
    with pytest.raises(InvalidInputError):
        check_name("../x" if name == "null" else name)
    if name not in ("optimized_model.part", "null", "NaN", "1e999"):  # ordinary words
        for refuse in (check_run_name, logs_of):
            with pytest.raises(InvalidInputError):
                refuse(name)


def test_strange_notes_and_phases_are_kept_readable(settings: Any) -> None:
    store = Store(settings)
    store.create_run("a", make_config("a"))
    for text in HOSTILE:
        if len(text) < 10_000:
            store.set_notes("a", text)
            store.update_run("a", phase=text)
            assert store.run("a").notes == text.replace("\0", "\ufffd").replace("\ud800", "?")
    with pytest.raises(LabError):
        store.run("no\0body")


values = st.one_of(texts, json_values.map(lambda value: json.dumps(value)[:300]), st.integers().map(str))


@quick
@pytest.mark.parametrize("form", [setup_address, study_address])
@given(data=st.data())
def test_any_address_gives_a_form_that_can_be_shown(form: Any, data: st.DataObject) -> None:
    """What is read is valid, says what it left out, and is the same when it is written and read again."""
    keys = st.sampled_from(sorted(form.KEYS)) | st.text(max_size=5)
    plausible = st.sampled_from(
        ["digits", "imdb", "0", "1", "8", "70,20,20,20,20,10,10", "unknown", "simple", "a", "0.5"]
    )
    config, problems = form.read_address(data.draw(st.dictionaries(keys, values | plausible, max_size=8)))
    assert all(isinstance(problem, str) and len(problem) < 1000 for problem in problems)
    assert type(config)(**{name: getattr(config, name) for name in asdict(config)}) == config
    again, left_out = form.read_address(form.write_address({name: getattr(config, name) for name in asdict(config)}))
    assert left_out == []
    assert (again.dataset_name, again.trials, again.weights) == (config.dataset_name, config.trials, config.weights)
    assert again.search_space == config.search_space


SPEC: dict[str, Any] = {
    "run": "r", "number": 3, "dataset": "digits", "split_hash": "abc", "seed": 7, "epochs": 2, "patience": 5,
    "store_plots": True, "model": {"filters": [8], "dense_units": [16], "batch_size": 128}, "max_seconds": 1.5,
}  # fmt: skip
DOCUMENTS: dict[type[Any], dict[str, Any]] = {TrialSpec: json.loads(to_json(from_json(TrialSpec, json.dumps(SPEC))))}
DOCUMENTS[TrialResult] = json.loads(to_json(sleeping_result(from_json(TrialSpec, json.dumps(SPEC)), 1.0)))
DOCUMENTS[StudyConfig] = to_dict(StudyConfig(study_name="a", search_space={"conv_layers": 1}))
DOCUMENTS[OptimizationConfig] = to_dict(OptimizationConfig(run_name="a", search_space={"conv_layers": 1}))


@quick
@pytest.mark.parametrize("kind", list(DOCUMENTS))
@given(data=st.data())
def test_changed_documents_are_read_or_refused(kind: type[Any], data: st.DataObject) -> None:
    document = DOCUMENTS[kind]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(document), key=repr)))
        document = changed(document, path, data.draw(json_values), data.draw(st.sampled_from(["set", "remove", "add"])))
    text = json.dumps(document)
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(texts) + text[at + data.draw(st.integers(0, 5)) :]
    try:
        record = from_json(kind, text)
    except InvalidInputError as error:
        assert str(error)
    else:
        assert type(record) is kind
