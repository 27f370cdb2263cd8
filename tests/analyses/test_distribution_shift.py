"""Module 3 on networks whose answers to shifted rows are known."""

from __future__ import annotations

import csv
import doctest
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import statsmodels.api as sm
from numpy.random import Generator
from scipy.stats import norm
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score

from core.analyses import (
    distribution_shift,
    effective_robustness,
    paraphrases,
    shift_families,
    shift_sources,
    shift_tables,
    topic_shift,
)
from core.analyses.answering import Answers
from core.analyses.context import AnalysisContext
from core.analyses.distribution_shift import figures, run
from core.analyses.effective_robustness import Line, fit_line, probit, reliability
from core.analyses.paraphrases import read_paraphrases
from core.analyses.shift_families import CleanRows, Family, ShiftedSet
from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.cifar import FINE_TO_COARSE
from core.errors import InvalidInputError
from core.figures import effective_robustness as scatter
from core.foreign import FOREIGN
from core.foreign.opening import ForeignSet, open_foreign
from core.shifts import SHIFTS, Canvas
from core.shifts.images import shift_images
from core.study_config import StudyMode
from core.study_networks import PoolTrial
from tests.analyses import worlds
from tests.analyses.models import answers, image_model, with_models
from tests.analyses.test_contract import check

SETS = {"brightness": 5, "contrast": 5, "rotation": 3}


@pytest.fixture(autouse=True, scope="module")
def _few_foreign_sets(lab: Settings) -> Iterator[None]:
    """Small digits are tried on EMNIST's alone, and without a mirror on none: its official file is of 500 MB."""
    known = shift_sources.foreign_sets_for
    sets = (FOREIGN["emnist_digits"],) if lab.dataset_mirror else ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shift_sources, "foreign_sets_for", lambda name: sets if name == "digits" else known(name))
        yield


@pytest.fixture(scope="module")
def study(lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> AnalysisContext:
    """A study in which the health-aware networks see the whole digit, and those of accuracy alone a few pixels."""
    folder = tmp_path_factory.mktemp("shifted")
    context = worlds.context_of(prepare("digits", lab), lab, folder / "networks", worlds.mixed)
    context.answers_dir = folder / "answers"
    return with_models(context, planted)


@pytest.fixture(scope="module")
def result(study: AnalysisContext) -> dict[str, Any]:
    return run(study)


def planted(mode: StudyMode, pair: int) -> str:
    kind = "pixels" if mode == "accuracy_only" else "templates"
    return kind if pair % 2 else f"{kind}_2"


def holdout(context: AnalysisContext) -> np.ndarray:
    return np.asarray(context.dataset.arrays().x)[next(iter(context.predictions.values())).rows]


@pytest.mark.parametrize("module", [effective_robustness, paraphrases, shift_families, shift_tables, topic_shift])
def test_examples_in_the_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_every_number_is_that_of_the_networks_on_the_shifted_rows(
    study: AnalysisContext, result: dict[str, Any]
) -> None:
    context = study
    x, canvas = holdout(context), Canvas(scale=16.0, background="dark")

    def accuracy(name: str, rows: np.ndarray, labels: np.ndarray) -> float:
        return float(accuracy_score(labels, answers(name, rows).argmax(axis=1)))

    expected: dict[str, dict[str, float]] = {}
    for name in ("pixels_2", "templates_2"):
        expected[name] = {
            key: float(
                np.mean(
                    [
                        accuracy(name, shift_images(x, SHIFTS[key], level, canvas), context.labels)
                        for level in SHIFTS[key].use_for(context.entry).levels
                    ]
                )
            )
            for key in SETS
        }
        opened = open_foreign(FOREIGN["emnist_digits"], context.entry, context.settings) if _mirrored(context) else None
        if isinstance(opened, ForeignSet):
            assert opened.x is not None and len(opened) == 600
            expected[name]["foreign_emnist_digits"] = accuracy(name, opened.x, opened.source_y)
    assert {one["name"]: len(one["sets"]) for one in result["families"]} == SETS | {
        name: 1 for name in expected["pixels_2"] if name.startswith("foreign")
    }
    for key, name in (("a", "pixels_2"), ("b", "templates_2")):
        model, clean = result["models"][key], accuracy(name, x, context.labels)
        assert model["families"] == pytest.approx(expected[name])
        assert model["clean"] == pytest.approx(clean)
        assert model["shifted"] == pytest.approx(np.mean(list(expected[name].values())))  # a family counts once
        assert model["drop"] == pytest.approx(clean - model["shifted"])
    turned = shift_images(x, SHIFTS["rotation"], 45, canvas)
    assert result["models"]["b"]["sets"]["shift/rotation/45"] == accuracy("templates_2", turned, context.labels)
    rotation = next(one for one in result["families"] if one["name"] == "rotation")
    values = [one["sets"]["shift/rotation/45"] for one in result["networks"].values() if one["mode"] == "health_aware"]
    shown = next(one for one in rotation["sets"] if one["key"] == "shift/rotation/45")
    assert shown["accuracy"]["health_aware"]["mean"] == pytest.approx(np.mean(values)) and len(values) == 6
    right = {
        key: np.mean(
            [
                answers(name, shift_images(x, SHIFTS["rotation"], level, canvas)).argmax(axis=1) == context.labels
                for level in (15, 30, 45)
            ],
            axis=0,
        )
        for key, name in (("a", "pixels_2"), ("b", "templates_2"))
    }
    assert result["difference"]["rotation"]["difference"] == pytest.approx((right["b"] - right["a"]).mean())
    assert result["difference"]["rotation"]["low"] > 0


def _mirrored(context: AnalysisContext) -> bool:
    return context.settings.dataset_mirror is not None


def test_one_claim_is_tested_and_a_planted_difference_is_found(result: dict[str, Any]) -> None:
    (primary,) = (one for one in result["runs"] if one["measure"] == result["primary"])
    assert [one["measure"] for one in result["runs"] if not one["exploratory"]] == ["shifted_accuracy"]
    assert len({one["measure"] for one in result["runs"]}) == len(result["runs"])
    assert primary["shown"] and primary["gain"]["low"] > 0.1 and primary["permutation"]["p"] == pytest.approx(2 / 2**6)
    text = " ".join(result["reading"])
    assert "health-aware is better" in result["reading"][0] and "in favour of model B on" in text
    assert "Not applied: rotation beyond 45°: turned further, a 6" in text
    assert {"Horizontal flip", "Vertical flip"} <= {one["label"] for one in result["not_applied"]}


def test_what_every_module_promises(
    study: AnalysisContext, result: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    check("distribution_shift", study)
    told = json.dumps(shift_tables.tables(result), allow_nan=False, ensure_ascii=False)
    assert "Rotation, 45°" in told and "Vertical flip" in told
    monkeypatch.setattr(AnalysisContext, "holdout", lambda *_: pytest.fail("all is known already"))
    assert run(study) == result


def test_networks_that_see_nothing_lose_nothing_and_are_not_called_robust(images: AnalysisContext) -> None:
    context = with_models(images, lambda mode, pair: "constant")
    check("distribution_shift", context)
    result = run(context)
    for one in result["families"]:
        if not one["name"].startswith("foreign"):
            assert one["drop"]["accuracy_only"]["mean"] == 0
    assert result["models"]["a"]["families"]["rotation"] == pytest.approx(np.mean(context.labels == 3))
    robust = result["effective_robustness"]
    assert robust["status"] == "not measured" and "better than guessing" in robust["reason"]
    assert result["models"]["a"]["above_line"] is None
    assert any("no robustness" in line for line in result["reading"])


# --- effective robustness -------------------------------------------------------------------------------------------


def by_accuracy(
    accuracies: dict[tuple[StudyMode, int], tuple[float, float]], rows: int = 2000
) -> tuple[AnalysisContext, ShiftedSet, list[Family], dict[str, dict[str, Answers]]]:
    """Networks with given accuracies on clean and on shifted rows; who is better is right wherever others are."""
    labels = np.zeros(rows, np.int64)
    labels[rows // 2 :] = 1

    def right(share: float) -> np.ndarray:
        order = np.arange(rows).reshape(2, -1).T.ravel()  # both classes alike
        found = np.zeros(rows, bool)
        found[order[: round(share * rows)]] = True
        return found

    def said(_rng: Generator, y: worlds.Labels, mode: StudyMode, pair: int) -> worlds.Floats:
        answer = np.where(right(accuracies[mode, pair][0]), y, 2)
        return np.eye(3)[answer]

    pairs = len(accuracies) // 2
    context = worlds.plain_context(said, labels, pairs=pairs)

    def no_part(_: object) -> None:
        raise AssertionError("nobody is to be asked")

    one = ShiftedSet(key="shift/x", label="X", part=no_part, rows=rows)  # type: ignore[arg-type]
    family = Family(name="x", label="X", note="", sets=(one,))
    found = {
        network.name: {one.key: Answers(correct=right(accuracies[network.mode, network.pair][1]), measures={})}
        for network in context.everyone
    }
    return context, replace(one, key="holdout"), [family], found


def on_a_line(mode: StudyMode, pair: int, offset: float = 0.0) -> tuple[float, float]:
    inside = 0.6 + 0.04 * pair + 0.02 * (mode == "health_aware")
    return inside, float(norm.cdf(0.8 * norm.ppf(inside) - 0.3 + offset))


MODES: tuple[StudyMode, StudyMode] = ("accuracy_only", "health_aware")


def test_networks_on_the_line_have_no_effective_robustness_however_accurate() -> None:
    values = {(mode, pair): on_a_line(mode, pair) for mode in MODES for pair in range(6)}
    found = effective_robustness.effective_robustness(*by_accuracy(values))
    assert found["status"] == "ok" and found["trials"] == 12
    assert found["line"]["slope"] == pytest.approx(0.8, abs=0.02) and found["line"]["r2"] > 0.999
    assert found["line"]["intercept"] == pytest.approx(-0.3, abs=0.02)
    assert all(abs(one["residual"]) < 0.01 and abs(one["points"]) < 0.003 for one in found["networks"].values())
    assert found["reliability"] > 0.9


def test_a_planted_offset_is_found() -> None:
    values = {
        (mode, pair): (one := on_a_line("accuracy_only", pair))[:1]
        + ((one[1],) if mode == "accuracy_only" else (float(norm.cdf(norm.ppf(one[1]) + 0.2)),))
        for mode in MODES
        for pair in range(6)
    }
    found = effective_robustness.effective_robustness(*by_accuracy(values))  # type: ignore[arg-type]
    above = {
        mode: np.array([one["residual"] for one in found["networks"].values() if one["mode"] == mode]) for mode in MODES
    }
    assert above["health_aware"] - above["accuracy_only"] == pytest.approx(np.full(6, 0.2), abs=0.01)
    assert above["health_aware"].mean() == pytest.approx(0.1, abs=0.01)
    one = found["networks"]["health_aware_0"]
    assert one["points"] == pytest.approx(one["outside"] - one["expected"], abs=1e-9) and one["points"] > 0.03


def test_the_line_is_that_of_ordinary_least_squares_on_probits() -> None:
    rng = np.random.default_rng(3)
    inside = rng.uniform(0.5, 0.99, 40)
    outside = np.clip(norm.cdf(0.7 * norm.ppf(inside) - 0.4 + rng.normal(0, 0.1, 40)), 0, 1)
    line = fit_line(inside.tolist(), outside.tolist(), (5000, 5000))
    assert isinstance(line, Line) and line.n == 40
    reference = sm.OLS(norm.ppf(outside), sm.add_constant(norm.ppf(inside))).fit()
    assert (line.intercept, line.slope) == pytest.approx(reference.params)
    assert line.r2 == pytest.approx(reference.rsquared)


def test_accuracies_of_0_and_1_are_kept_half_a_row_away() -> None:
    assert probit(1.0, 200) == pytest.approx(norm.ppf(1 - 0.5 / 200)) and probit(0.0, 200) == pytest.approx(
        -probit(1.0, 200)
    )
    assert probit(0.9, 200) == pytest.approx(norm.ppf(0.9))


def test_a_line_that_cannot_be_trusted_is_not_drawn() -> None:
    assert "needs 8 different networks" in str(fit_line([0.5] * 7, [0.5] * 7, (100, 100)))
    assert "the same accuracy" in str(fit_line([0.5] * 9, [0.5] * 9, (100, 100)))
    few = {(mode, pair): on_a_line(mode, pair) for mode in MODES for pair in range(3)}
    found = effective_robustness.effective_robustness(*by_accuracy(few))
    assert found["status"] == "not measured" and "there are 6" in found["reason"] and found["line"] is None
    assert all("residual" not in one for one in found["networks"].values())
    drawn = scatter.draw(scatter.compute(found))
    assert [one.name for one in drawn.data] == [
        "Nothing lost", "Trials behind the line", "Accuracy-only", "Health-aware",
    ]  # fmt: skip


def test_a_spread_that_is_chance_is_told_from_one_that_is_not() -> None:
    rng = np.random.default_rng(4)
    alike = rng.random((30, 500)) < 0.8
    assert (reliability(alike) or 0) < 0.5
    skill = rng.normal(0.8, 0.05, (30, 1))
    found = reliability(rng.random((30, 500)) < skill)
    assert found == pytest.approx(0.05**2 / (0.05**2 + 0.8 * 0.2 / 500), abs=0.1)
    assert reliability(np.ones((5, 10), bool)) is None and reliability(np.ones((1, 10), bool)) is None
    context, clean, families, answered = by_accuracy(
        {(mode, pair): on_a_line(mode, pair) for mode in MODES for pair in range(6)}
    )
    for one in context.predictions.values():  # all equally good, each on other rows
        lucky = rng.random(len(one.labels)) < 0.8
        one.probabilities[:] = np.eye(3)[np.where(lucky, one.labels, 2)]
    found_line = effective_robustness.effective_robustness(context, clean, families, answered)
    assert found_line["status"] == "not measured" and "hardly differ" in found_line["reason"]


def test_the_line_is_fitted_to_trials_drawn_by_seed_where_there_are_many(
    study: AnalysisContext, result: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["constant", "templates", *(f"pixels_{'x' * length}" for length in range(9))]
    trials = [trial(study, tmp_path, place, name) for place, name in enumerate(names)]
    monkeypatch.setattr(study, "trials", [*trials, replace(trials[0], trial=99, folder=tmp_path / "gone")])
    assert effective_robustness._fitted(study) == (trials, "all trials of both modes, each distinct network once")
    monkeypatch.setattr(effective_robustness, "MOST_TRIALS", 10)
    monkeypatch.setattr(effective_robustness, "MOST_ROWS", 100)
    found = run(study)
    assert found["models"]["a"]["families"] == result["models"]["a"]["families"]  # on all rows, as before
    robust = found["effective_robustness"]
    drawn = np.sort(np.random.default_rng(study.seed).choice(11, 10, replace=False)).tolist()
    assert 0 in drawn and robust["left_out"] == 1, "the constant network only guesses"
    assert [int(one["name"].rsplit("_", 1)[1]) for one in robust["points"]] == [place for place in drawn if place]
    assert robust["trials"] == 10 and "10 of 11 trials" in robust["fitted_on"] and robust["rows"]["clean"] == 100
    x, labels = holdout(study), study.labels
    chosen = np.sort(np.random.default_rng(study.seed).choice(len(x), 100, replace=False))

    def accuracy(name: str) -> float:
        return float(accuracy_score(labels[chosen], answers(name, x[chosen]).argmax(axis=1)))

    for point in robust["points"]:
        assert point["inside"] == pytest.approx(accuracy(names[int(point["name"].rsplit("_", 1)[1])]))
    assert robust["networks"]["health_aware_0"]["inside"] == pytest.approx(accuracy("templates_2"))


def trial(context: AnalysisContext, folder: Path, place: int, name: str) -> PoolTrial:
    network = context.everyone[0]
    home = folder / str(place)
    home.mkdir()
    (home / "model.keras").symlink_to(image_model(name))
    (home / "spec.json").symlink_to(network.folder / "spec.json")
    return PoolTrial(
        mode="accuracy_only", pair=0, trial=place, validation=0.9, test=0.9, total=0.9, health=0.5, components={},
        parameters=10, params={"n": place}, folder=home, split=network.split,
    )  # fmt: skip


# --- texts ----------------------------------------------------------------------------------------------------------


def test_unusual_texts_and_paraphrases_of_own_texts(texts: AnalysisContext) -> None:
    context = with_models(texts, lambda mode, pair: "bag" if mode == "accuracy_only" else "bag_2")
    network = context.everyone[0]
    part, words = context.holdout(network), context.words(network)
    assert part.tokens is not None and part.offsets is not None
    said = [words.decode(part.tokens[a:b]) for a, b in zip(part.offsets, part.offsets[1:], strict=False)]
    rows = context.predictions[network.name].rows
    others = [row for row in range(context.dataset.rows) if row not in set(rows.tolist())]
    path = context.settings.data_dir / "paraphrases" / "mood.csv"
    path.parent.mkdir()
    write(path, [(int(rows[place]), said[place]) for place in (9, 4, 2)] + [(others[0], "good film")])
    check("distribution_shift", context)
    result = run(context)
    unusual, told = result["families"]
    assert (unusual["name"], told["name"]) == ("unusual_wording", "paraphrases")
    right = context.predictions[network.name].correct
    assert told["rows"] == 3 and "1 other row" in told["note"]
    assert result["networks"][network.name]["families"]["paraphrases"] == pytest.approx(right[[2, 4, 9]].mean())
    assert told["drop"]["accuracy_only"]["mean"] == 0  # the same words
    far = sorted(most_unlike(context, rows, others))
    assert unusual["rows"] == len(far) and 0.3 <= len(far) / len(rows) < 0.4
    near = [place for place in range(len(rows)) if place not in far]
    assert result["networks"][network.name]["families"]["unusual_wording"] == pytest.approx(right[far].mean())
    assert unusual["clean"]["accuracy_only"]["mean"] == pytest.approx(right[near].mean())
    assert "horizontal" not in " ".join(result["reading"])


def most_unlike(context: AnalysisContext, rows: np.ndarray, others: list[int]) -> list[int]:
    """The third of each class by scikit-learn's tf-idf."""
    arrays = context.dataset.arrays()
    assert arrays.tokens is not None and arrays.offsets is not None
    ids = [arrays.tokens[a:b][1:].tolist() for a, b in zip(arrays.offsets, arrays.offsets[1:], strict=False)]
    vocabulary = {word: place for place, word in enumerate(sorted({word for text in ids for word in text}))}
    found = TfidfVectorizer(analyzer=list, vocabulary=vocabulary, sublinear_tf=True, lowercase=False)
    vectors = found.fit([ids[row] for row in others]).transform(ids).toarray()
    far = []
    for label in np.unique(context.labels):
        mine = np.flatnonzero(context.labels == label)
        centre = vectors[[row for row in others if arrays.y[row] == label]].mean(axis=0)
        like = vectors[rows[mine]] @ centre / np.linalg.norm(centre)
        assert np.diff(np.sort(like)).min() > 1e-9, "a tie would make the choice arbitrary"
        far += mine[np.argsort(like)][: (len(mine) + 1) // 3].tolist()
    return far


def test_a_paraphrase_in_other_words_is_asked_in_its_words(texts: AnalysisContext) -> None:
    context = with_models(texts, lambda mode, pair: "bag")
    rows = context.predictions["accuracy_only_0"].rows
    path = context.settings.data_dir / "paraphrases" / "mood.csv"
    path.parent.mkdir()
    write(path, [(int(row), "zzz unheard-of!") for row in rows])  # nothing is known: one answer to all
    (family,) = (one for one in run(context)["families"] if one["name"] == "paraphrases")
    shares = np.bincount(context.labels) / len(context.labels)
    assert min(abs(shares - family["accuracy"]["accuracy_only"]["mean"])) < 1e-9


def test_a_text_set_without_paraphrases_says_where_to_put_them(texts: AnalysisContext) -> None:
    result = run(with_models(texts, lambda mode, pair: "bag"))
    (missing,) = result["not_applied"]
    assert missing["label"] == "Paraphrases" and "skipped, since there is no paraphrase file" in missing["reason"]
    assert " at paraphrases/mood.csv in the data folder" in missing["reason"]
    assert str(texts.settings.data_dir) not in missing["reason"]
    path = texts.settings.data_dir / "paraphrases" / "mood.csv"
    path.parent.mkdir()
    write(path, [(10**6, "too far")])
    (missing,) = run(texts)["not_applied"]
    assert "is not valid" in missing["reason"] and "row is '1000000'" in missing["reason"]


def write(path: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] = ("row", "text")) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_a_paraphrase_file_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes('\ufefftext,row\r\n"Said, ""twice""\nover",7\r\n\r\nwell, 3 \r\n'.encode())
    found = read_paraphrases(path, 10, np.array([3, 7]))
    assert found.rows.tolist() == [3, 7] and found.texts == ("well", 'Said, "twice"\nover') and found.ignored == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, "a")] * 2, "row 1 stands in line 2 already; keep one"),
        ([("x", "a")], "row is 'x'; it must be a whole number from 0 to 9"),
        ([(-1, "a")], "row is '-1'"),
        ([(10, "a")], "row is '10'"),
        ([("9" * 5000, "a")], "row is '9999"),
        ([("²", "a")], "row is"),
        ([(1, " ... ")], "the text of row 1 has 5 characters and 0 words"),
        ([(1, "word " * 25_000)], "at most 100,000 characters"),
        ([(1, "a", "b")], "line 2 has 3 cells; it must have 2"),
        ([(5, "a"), (6, "b")], "no row of the holdout among its 2.*for example 1"),
        ([], "no row of the holdout among its 0"),
        ([(1, "x" * 200_000)], "field larger than field limit"),
    ],
)  # fmt: skip
def test_a_paraphrase_file_that_is_wrong_is_refused(
    tmp_path: Path, rows: list[tuple[object, ...]], message: str
) -> None:
    path = tmp_path / "p.csv"
    write(path, rows)
    with pytest.raises(InvalidInputError, match=message):
        read_paraphrases(path, 10, np.array([1, 2]))


def test_a_file_that_is_no_table_of_texts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    write(path, [(1, "a")], header=("id", "text"))
    with pytest.raises(InvalidInputError, match=r"columns id, text.*must have exactly row and text"):
        read_paraphrases(path, 10, np.array([1]))
    path.write_bytes(b"")
    with pytest.raises(InvalidInputError, match="columns none"):
        read_paraphrases(path, 10, np.array([1]))
    path.write_bytes(b"row,text\n1,caf\xe9\n")
    with pytest.raises(InvalidInputError, match="not UTF-8"):
        read_paraphrases(path, 10, np.array([1]))
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_paraphrases(tmp_path, 10, np.array([1]))
    with path.open("wb") as file:
        file.truncate(paraphrases.LARGEST_BYTES + 1)
    with pytest.raises(InvalidInputError, match="at most"):
        read_paraphrases(path, 10, np.array([1]))


# --- other people's sets, superclasses ------------------------------------------------------------------------------


def families_of(name: str, lab: Settings, classes: int = 10) -> tuple[AnalysisContext, shift_sources.Found]:
    labels = np.arange(60, dtype=np.int64) % classes
    context = worlds.plain_context(partial(worlds.mixed, classes=classes), labels, name)
    context.settings = lab
    return context, shift_sources._foreign_families(context, CleanRows(context))


def test_emnist_is_a_shift_of_mnist_and_other_characters_are_not(lab: Settings) -> None:
    if lab.dataset_mirror is None:
        pytest.skip("no data set mirror: set MHL_DATASET_MIRROR")
    context, (families, missing) = families_of("mnist", lab)
    (family,) = families
    (one,) = family.sets
    part = one.part(None)  # type: ignore[arg-type]
    assert part.images().shape == (600, 28, 28, 1) and np.bincount(part.y).tolist() == [60] * 10
    assert one.read is None and family.clean is None and "Database 19" in family.note
    assert {"KMNIST", "Fashion-MNIST"} <= {found.label for found in missing}
    network = context.everyone[0]
    assert family.clean_accuracy(context, network) == context.predictions[network.name].accuracy


def test_where_some_classes_have_no_counterpart_the_others_are_compared_among_themselves(lab: Settings) -> None:
    if lab.dataset_mirror is None:
        pytest.skip("no data set mirror: set MHL_DATASET_MIRROR")
    context, (families, missing) = families_of("cifar10", lab)
    family = next(one for one in families if one.name == "foreign_tiny_imagenet")
    seven = [1, 2, 3, 5, 6, 8, 9]
    part = family.sets[0].part(None)  # type: ignore[arg-type]
    assert sorted(set(part.y.tolist())) == seven and family.clean_label == "the holdout's rows of these 7 classes"
    network = context.everyone[0]
    found = context.predictions[network.name]
    rows = np.isin(found.labels, seven)
    answer = np.array(seven)[found.probabilities[:, seven].argmax(axis=1)]
    assert family.clean_accuracy(context, network) == accuracy_score(found.labels[rows], answer[rows])
    assert family.clean_accuracy(context, network) > found.accuracy
    read = family.sets[0].read
    assert read is not None and read(found.probabilities).sum(axis=1) == pytest.approx(np.ones(60))
    if not any(one.name == "foreign_cifar10_1" for one in families):  # it is not in the mirror
        (reason,) = (one.reason for one in missing if one.label == "CIFAR-10.1")
        assert "cifar10.1_v6_data.npy" in reason


def test_superclasses_are_counted_by_the_sum_of_their_classes(lab: Settings) -> None:
    labels = np.arange(300, dtype=np.int64) % 100
    context = worlds.plain_context(partial(worlds.mixed, classes=100), labels, "cifar100")
    (found,) = distribution_shift._coarse(context)
    assert found["exploratory"]
    one = context.predictions["health_aware_2"]
    right = 0
    for row, label in zip(one.probabilities, labels, strict=True):
        sums = [sum(p for p, group in zip(row, FINE_TO_COARSE, strict=True) if group == g) for g in range(20)]
        right += int(np.argmax(sums)) == FINE_TO_COARSE[label]
    assert found["values"]["health_aware"]["2"] == pytest.approx(right / 300)
    assert distribution_shift._coarse(worlds.plain_context(worlds.mixed, labels % 10, "cifar10")) == []


def test_twenty_shifts_can_still_be_read(result: dict[str, Any]) -> None:
    (rotation,) = (one for one in result["families"] if one["name"] == "rotation")
    many = result | {"families": result["families"] + [rotation] * 4}
    drawn = distribution_shift.shift_bars.draw(distribution_shift.shift_bars.compute(many))
    assert isinstance(drawn, go.Figure)
    rows = len(drawn.layout.yaxis.tickvals)
    assert rows >= 25 and drawn.layout.height >= 30 * rows and len(drawn.data) == 2
    assert drawn.data[0].x[0] == pytest.approx(
        np.mean([one["clean"] for one in result["networks"].values() if one["mode"] == "accuracy_only"])
    )
    assert set(figures(result)) == set(shift_tables.CAPTIONS)
