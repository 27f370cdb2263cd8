"""Module 8: categories and severity by hand, real rows as examples, and groups that fit their data sets."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.random import Generator
from PIL import Image
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.proportion import proportion_confint

from core.analyses import MODULES
from core.analyses.class_groups import GROUPS, groups_of
from core.analyses.context import AnalysisContext
from core.analyses.failures import CATEGORIES, EXAMPLES, run, sort_rows
from core.analyses.severity import levels, severity
from core.datasets import DATASETS
from core.study_config import StudyMode
from tests.analyses import worlds

WRONG = {"both_right": (False, False), "a_only_wrong": (True, False), "b_only_wrong": (False, True)}
LABELS = np.random.default_rng(4).integers(0, 10, 1000)


def test_every_row_is_in_one_category_and_counts_are_right(images: AnalysisContext) -> None:
    result = run(images)
    a, b = (images.predictions[one.name].probabilities.argmax(axis=1) for one in images.models)
    truth = images.labels
    expected = dict.fromkeys(CATEGORIES, 0)
    for said_a, said_b, true in zip(a, b, truth, strict=True):
        if said_a == said_b:
            expected["both_right" if said_a == true else "same_wrong"] += 1
        elif true in (said_a, said_b):
            expected["b_only_wrong" if said_a == true else "a_only_wrong"] += 1
        else:
            expected["different_wrong"] += 1
    assert {one["key"]: one["count"] for one in result["categories"]} == expected
    assert sum(expected.values()) == result["rows"] == len(truth)
    for one in result["categories"]:
        assert (one["low"], one["high"]) == pytest.approx(
            proportion_confint(one["count"], len(truth), method="wilson"), abs=1e-9
        )
    assert result["kappa"] == pytest.approx(cohen_kappa_score(a != truth, b != truth))
    assert result["models"]["a"]["errors"] == int((a != truth).sum())


def test_categories_are_disjoint_for_any_answers() -> None:
    rng = np.random.default_rng(0)
    found = sort_rows(*(rng.integers(0, 3, 500) for _ in range(3)))
    assert np.sum(list(found.values()), axis=0).tolist() == [1] * 500 and list(found) == list(CATEGORIES)


def test_examples_are_real_rows_of_their_category(images: AnalysisContext) -> None:
    result = run(images)
    pixels, y = images.dataset.arrays().x, images.dataset.labels()
    assert pixels is not None
    place = {int(row): at for at, row in enumerate(images.predictions["accuracy_only_0"].rows)}
    for category in result["categories"]:
        rows = [one["row"] for one in category["examples"]]
        assert len(set(rows)) == len(rows) == min(EXAMPLES, category["count"]) and rows == sorted(rows)
        for example in category["examples"]:
            assert example["truth"] == str(y[example["row"]])
            for key, network in zip("ab", images.models, strict=True):
                said = images.predictions[network.name].probabilities[place[example["row"]]]
                assert example[key]["answer"] == str(said.argmax())
                assert example[key]["confidence"] == pytest.approx(said.max())
            wrong = tuple(example[key]["answer"] != example["truth"] for key in "ab")
            assert wrong == WRONG.get(category["key"], (True, True))
            kind, _, content = example["image"].partition(",")
            picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
            assert kind == "data:image/png;base64" and len(example["image"]) < 10_000
            small = picture[:: picture.shape[0] // 8, :: picture.shape[1] // 8, 0]
            assert np.array_equal(small, np.rint(pixels[example["row"], :, :, 0] / 16 * 255))


def test_texts_are_shown_in_their_own_words(texts: AnalysisContext) -> None:
    result = run(texts)
    arrays, words = texts.dataset.arrays(), texts.dataset.word_index()
    assert arrays.tokens is not None and arrays.offsets is not None
    examples = [one for category in result["categories"] for one in category["examples"]]
    assert any(one["text"].endswith(" …") for one in examples)
    for example in examples:
        row = example["row"]
        full = words.decode(arrays.tokens[arrays.offsets[row] : arrays.offsets[row + 1]])
        shown = example["text"].removesuffix(" …")
        assert full.startswith(shown) and (shown == full) == (not example["text"].endswith("…"))


def test_examples_go_by_the_seed(images: AnalysisContext) -> None:
    first = run(images)
    other = run(replace(images, config=replace(images.config, random_seed=43)))
    assert first == run(images)
    chosen = [[one["row"] for one in result["categories"][0]["examples"]] for result in (first, other)]
    assert chosen[0] != chosen[1]


def test_models_that_never_fail_have_empty_categories(
    images: AnalysisContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("networks")
    result = run(worlds.context_of(images.dataset, images.settings, folder, partial(worlds.oracle)))
    assert [one["count"] for one in result["categories"]] == [result["rows"], 0, 0, 0, 0]
    assert [len(one["examples"]) for one in result["categories"]] == [EXAMPLES, 0, 0, 0, 0]


def test_severity_by_hand() -> None:
    def said(rng: Generator, labels: worlds.Labels, mode: StudyMode, pair: int) -> worlds.Floats:
        """Airplanes are taken for ships (vehicles) by the one, for birds by the other; the other fails on cats too."""
        answers = np.where(labels == 0, 8 if mode == "accuracy_only" else 2, labels)
        if mode == "health_aware":
            answers = np.where(labels == 3, 5, answers)  # cats for dogs
        return np.asarray(np.eye(10)[answers])

    result = severity(worlds.plain_context(said, LABELS, name="cifar10"))
    planes, cats = int((LABELS == 0).sum()), int((LABELS == 3).sum())
    a, b = result["models"]["a"], result["models"]["b"]
    assert a["all"]["mean"] == pytest.approx(planes / 1000) and a["given_error"]["mean"] == 1.0
    assert b["all"]["mean"] == pytest.approx((2 * planes + cats) / 1000)
    assert b["given_error"]["mean"] == pytest.approx((2 * planes + cats) / (planes + cats))
    assert b["beyond_group"] | {"low": 0, "high": 0} == {"count": planes, "errors": planes + cats, "low": 0, "high": 0}
    assert result["difference"]["difference"] == pytest.approx((planes + cats) / 1000)
    over_all = next(one for one in result["runs"] if one["measure"] == "all")
    assert over_all["difference"]["mean"] > 0 > over_all["gain"]["mean"]  # less is better


def test_adding_mild_mistakes_lowers_the_mean_of_mistakes_and_is_still_worse() -> None:
    """Why both are reported."""

    def said(rng: Generator, labels: worlds.Labels, mode: StudyMode, pair: int) -> worlds.Floats:
        answers = np.where(labels == 0, 2, labels)
        if mode == "health_aware":
            answers = np.where(labels == 3, 5, answers)
        return np.asarray(np.eye(10)[answers])

    runs = {one["measure"]: one for one in severity(worlds.plain_context(said, LABELS, name="cifar10"))["runs"]}
    assert runs["given_error"]["gain"]["mean"] > 0 > runs["all"]["gain"]["mean"]


def test_severity_is_known_only_where_classes_have_groups(images: AnalysisContext, texts: AnalysisContext) -> None:
    for context, reason in ((images, "equally grave"), (texts, "no groups of the classes of mood")):
        result = run(context)
        assert result["severity"]["status"] == "not applicable" and reason in result["severity"]["reason"]
        assert any(line.startswith("Severity of mistakes: not applicable") for line in result["reading"])
        assert set(MODULES["failures"].figures(result)) == {"categories"}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_fit_their_data_set(name: str) -> None:
    groups = GROUPS[name]
    assert len(groups.members) == DATASETS[name].classes
    assert set(groups.members) == set(range(len(groups.names))) and groups.source


def test_groups_hold_what_they_are_called() -> None:
    def classes(name: str, group: str) -> set[str]:
        groups = GROUPS[name]
        place = groups.names.index(group)
        return {DATASETS[name].class_names[number] for number, of in enumerate(groups.members) if of == place}

    assert classes("cifar10", "vehicles") == {"airplane", "automobile", "ship", "truck"}
    assert classes("cifar100", "people") == {"baby", "boy", "girl", "man", "woman"}
    assert classes("fashion_mnist", "footwear") == {"Sandal", "Sneaker", "Ankle boot"}
    assert classes("fashion_mnist", "bags") == {"Bag"} and "Shirt" in classes("fashion_mnist", "tops")
    assert all(name.startswith("Speed limit") for name in classes("gtsrb", "speed limits"))
    assert all("End of" in name for name in classes("gtsrb", "ends of restrictions"))
    assert len(classes("gtsrb", "mandatory")) == 8 and "Roundabout mandatory" in classes("gtsrb", "mandatory")
    assert len(classes("gtsrb", "danger")) == 15 and "Slippery road" in classes("gtsrb", "danger")
    assert classes("gtsrb", "stop") == {"Stop"}


def test_groups_of_signs_part_the_official_kinds_and_join_none() -> None:
    """The letters are from GTSDB's ReadMe.txt: prohibitory, danger, mandatory, other."""
    kinds = "ppppppoppppd" + "ooo" + "pp" + "o" + 14 * "d" + "o" + 8 * "m" + "oo"
    pairs = set(zip(GROUPS["gtsrb"].members, kinds, strict=True))
    assert len(pairs) == len(GROUPS["gtsrb"].names)


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_data_set_has_groups_or_a_reason(name: str) -> None:
    found = groups_of(DATASETS[name])
    assert found if isinstance(found, str) else found.names
    assert not isinstance(found, str) or "known to this program" not in found


def test_levels_of_all_pairs() -> None:
    members = GROUPS["cifar100"].members
    truth, answer = (one.ravel() for one in np.indices((100, 100)))
    found = levels(truth, answer, members)
    assert (found == 0).sum() == 100 and (found == 1).sum() == 100 * 4 and (found == 2).sum() == 100 * 95


def test_the_figures_show_what_was_counted(images: AnalysisContext) -> None:
    result = run(images)
    (bars,) = MODULES["failures"].figures(result)["categories"].data
    assert list(bars.x) == [one["share"] for one in result["categories"][1:]]
    plain = worlds.plain_context(worlds.mixed, LABELS, name="cifar10")
    drawn = MODULES["failures"].figures(result | {"severity": severity(plain)})
    assert set(drawn) == {"categories", "severity", "effects"}
    assert [trace.x[0] for trace in drawn["severity"].data] == [
        severity(plain)["models"][key]["all"]["mean"] for key in "ab"
    ]
