"""Module 7 against scikit-learn and statsmodels, and on networks that ignore a class."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, recall_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from core.analyses import MODULES
from core.analyses.context import AnalysisContext
from core.analyses.evaluation import Predictions
from core.analyses.per_class import Confusion, run
from core.study_config import StudyMode
from tests.analyses import worlds

LABELS = np.random.default_rng(2).integers(0, 10, 1500)


def test_numbers_are_those_of_scikit_learn(images: AnalysisContext) -> None:
    result = run(images)
    answers = {name: found.probabilities.argmax(axis=1) for name, found in images.predictions.items()}
    labels = images.labels
    for key, network in zip("ab", images.models, strict=True):
        said = answers[network.name]
        model = result["models"][key]
        assert np.array_equal(model["confusion"], confusion_matrix(labels, said, labels=range(10)))
        assert model["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, said))
        recalls = recall_score(labels, said, average=None, labels=range(10))
        assert [one[key]["recall"] for one in result["classes"]] == pytest.approx(recalls)
        for one in result["classes"]:
            low, high = proportion_confint(one[key]["hits"], one[key]["n"], method="wilson")
            assert (one[key]["low"], one[key]["high"]) == pytest.approx((low, high))
        assert model["worst"]["recall"] == min(recalls) and model["worst"]["n"] == one_n(labels, model["worst"])
    shares = [confusion_matrix(labels, answers[one.name], labels=range(10), normalize="true") for one in images.models]
    assert np.asarray(result["difference"]) == pytest.approx(shares[1] - shares[0])
    balanced = [balanced_accuracy_score(labels, answers[f"accuracy_only_{pair}"]) for pair in range(6)]
    (runs,) = (one for one in result["runs"] if one["measure"] == "balanced_accuracy")
    assert runs["accuracy_only"]["mean"] == pytest.approx(np.mean(balanced))
    recalls = [recall_score(labels, answers[f"health_aware_{p}"], average=None)[2] for p in range(6)]
    assert result["classes"][2]["runs"]["health_aware"]["mean"] == pytest.approx(np.mean(recalls))


def one_n(labels: worlds.Labels, worst: dict[str, int]) -> int:
    return int((labels == worst["number"]).sum())


def test_tests_are_those_of_statsmodels(images: AnalysisContext) -> None:
    result = run(images)
    right_a, right_b = (images.predictions[one.name].correct for one in images.models)
    raw = []
    for one in result["classes"]:
        inside = images.labels == one["number"]
        a, b = right_a[inside], right_b[inside]
        table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
        assert (one["mcnemar"]["only_a"], one["mcnemar"]["only_b"]) == (table[0][1], table[1][0])
        raw.append(mcnemar(table, exact=True).pvalue if table[0][1] + table[1][0] else 1.0)
        assert (one["mcnemar"]["p"] or 1.0) == pytest.approx(raw[-1])
    adjusted = multipletests(raw, method="holm")[1]
    assert [one["mcnemar"]["p_holm"] or 1.0 for one in result["classes"]] == pytest.approx(adjusted)


def test_a_class_that_is_ignored_is_found() -> None:
    result = run(worlds.plain_context(worlds.blind, LABELS))
    a, b = result["models"]["a"], result["models"]["b"]
    assert (a["worst"]["class"], a["worst"]["recall"], a["worst"]["low"]) == ("4", 0.0, 0.0)
    assert a["balanced_accuracy"] == pytest.approx(0.9) and b["balanced_accuracy"] == 1.0
    # Nine recalls of 1 and one of 0: no binomial noise in any of them.
    assert a["imbalance"] == pytest.approx(np.std([1] * 9 + [0], ddof=1)) and b["imbalance"] == 0.0
    assert result["difference"][4][4] == 1.0 and result["difference"][4][9] == -1.0
    shown = [one["number"] for one in result["classes"] if (one["mcnemar"]["p_holm"] or 1) < 0.05]
    assert shown == [4]
    runs = {one["measure"]: one for one in result["runs"]}
    assert runs["worst_recall"]["difference"]["mean"] == 1.0
    assert runs["imbalance"]["gain"]["mean"] > 0 > runs["imbalance"]["difference"]["mean"]
    assert any("differ in recall of 4 (" in line for line in result["reading"])


def test_networks_equal_in_all_classes_have_no_imbalance_beyond_chance() -> None:
    def even(rng: Generator, labels: worlds.Labels, mode: StudyMode, pair: int) -> worlds.Floats:
        said = np.where(rng.random(len(labels)) < 0.8, labels, (labels + 1) % 10)
        return np.asarray(np.eye(10)[said])

    result = run(worlds.plain_context(even, LABELS, pairs=10))
    (runs,) = (one for one in result["runs"] if one["measure"] == "imbalance")
    noise = np.sqrt(0.8 * 0.2 / 150)
    assert runs["accuracy_only"]["mean"] < 0.6 * noise  # the plain standard deviation is about the noise itself


def test_excess_by_hand() -> None:
    counts = np.array([[9, 1, 0], [5, 5, 0], [0, 0, 0]])
    found = Confusion(counts)
    assert found.recalls.tolist() == [0.9, 0.5] and found.balanced_accuracy == pytest.approx(0.7)
    assert found.imbalance == pytest.approx(np.sqrt(0.08 - (0.009 + 0.025) / 2))
    assert found.worst == 1
    assert found.proportion(2) == {"recall": None, "low": 0.0, "high": 1.0, "hits": 0, "n": 0}


def test_of_equally_bad_classes_the_largest_is_named() -> None:
    labels = np.array([0, 1, 1, 2, 2])
    said = np.eye(3, dtype=np.float32)[[1, 0, 0, 2, 2]]
    found = Confusion.of(Predictions(probabilities=said, labels=labels, rows=labels))
    assert found.worst == 1


def test_a_class_without_rows_is_left_out() -> None:
    result = run(worlds.plain_context(worlds.mixed, LABELS[LABELS != 7]))
    missing = result["classes"][7]
    assert missing["n"] == 0 and missing["a"]["recall"] is None and missing["mcnemar"]["p_holm"] is None
    assert missing["runs"]["difference"]["n"] == 0
    drawn = MODULES["per_class"].figures(result)
    assert len(drawn["recall"].data[0].x) == 9


def test_names_of_classes_are_shown_as_they_are(texts: AnalysisContext) -> None:
    drawn = MODULES["per_class"].figures(run(texts))
    assert set(drawn) == {"recall", "confusion_a", "confusion_b", "confusion_difference", "effects"}
    assert drawn["confusion_difference"].layout.yaxis.ticktext[1] == "&lt;b&gt;good&lt;/b&gt;"
    assert drawn["recall"].layout.yaxis.ticktext[1].startswith("&lt;b&gt;good&lt;/b&gt; (")
