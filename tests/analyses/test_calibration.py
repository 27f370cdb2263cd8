"""Module 4 on networks whose calibration is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from sklearn.metrics import log_loss, roc_auc_score

from core.analyses import MODULES, corrupted_sets
from core.analyses.calibration import run
from core.analyses.context import AnalysisContext
from core.analyses.corrupted_sets import CorruptedSets, published
from core.corruptions.images import corrupt_images
from core.study_config import StudyMode
from tests.analyses import worlds
from tests.analyses.models import answers, with_models

P, Y = worlds.calibrated(np.random.default_rng(5), 2000)


def overconfident(rng: Generator, labels: worlds.Labels, mode: StudyMode, pair: int) -> worlds.Floats:
    """The accuracy-only networks are far too sure; the health-aware ones know how much they know."""
    own = P + 0.001 * rng.random(P.shape)
    own /= own.sum(axis=1, keepdims=True)
    return worlds.at_temperature(own, 1 / (2 + 0.05 * pair)) if mode == "accuracy_only" else own


def test_a_planted_overconfidence_is_found_and_scaled_away() -> None:
    result = run(worlds.plain_context(overconfident, Y))
    a, b = result["models"]["a"], result["models"]["b"]
    assert a["temperature"] == pytest.approx(2.0, rel=0.08) and b["temperature"] == pytest.approx(1.0, rel=0.08)
    assert a["before"]["overconfidence"] > 0.05 and abs(b["before"]["overconfidence"]) < 0.02
    assert a["before"]["ece"] > a["floor"]["ece"]["high"] and b["before"]["ece"] < b["floor"]["ece"]["high"]
    assert a["after"]["ece"] < a["floor"]["ece"]["high"]
    assert a["after"]["accuracy"] == a["before"]["accuracy"]
    runs = {(one["measure"], one["when"]): one for one in result["runs"]}
    nll = runs["nll", "before"]
    assert nll["difference"]["high"] < 0 < nll["gain"]["low"]  # less loss is better
    assert nll["gain"]["mean"] == pytest.approx(-nll["difference"]["mean"]) and nll["effect"]["g"] > 0
    assert nll["permutation"]["p"] == pytest.approx(2 / 2**6)
    assert abs(runs["nll", "after"]["difference"]["mean"]) < 0.01
    assert [key for key, one in runs.items() if not one["exploratory"]] == [("nll", "before")]
    assert "health-aware is better" in result["reading"][0] and "too sure" in result["reading"][2]


def test_numbers_are_those_of_the_networks(images: AnalysisContext) -> None:
    result = run(images)
    for name, found in result["per_network"].items():
        stored = images.predictions[name]
        right = stored.probabilities.argmax(axis=1) == stored.labels
        sure = stored.probabilities.max(axis=1)
        before = found["before"]
        reference = stored.probabilities.astype(np.float64)
        reference /= reference.sum(axis=1, keepdims=True)
        assert before["nll"] == pytest.approx(log_loss(stored.labels, reference, labels=range(10)), rel=1e-5)
        assert before["separation"] == pytest.approx(roc_auc_score(right, sure))
        assert before["accuracy"] == pytest.approx(stored.accuracy)
        assert before["confidence_right"] == pytest.approx(sure[right].mean(), rel=1e-5)
        assert before["confidence_wrong"] == pytest.approx(sure[~right].mean(), rel=1e-5)
    (nll,) = (one for one in result["runs"] if (one["measure"], one["when"]) == ("nll", "before"))
    values = [result["per_network"][f"health_aware_{pair}"]["before"]["nll"] for pair in range(6)]
    assert nll["health_aware"]["mean"] == pytest.approx(np.mean(values))
    assert nll["values"]["health_aware"] == {str(pair): value for pair, value in enumerate(values)}
    a, b = (result["per_network"][one.name]["before"] for one in images.models)
    difference = result["difference"]["nll"]
    assert difference["difference"] == pytest.approx(b["nll"] - a["nll"])
    assert difference["low"] < difference["difference"] < difference["high"]
    model = result["models"]["a"]
    assert sum(one["n"] for one in model["bins"]) == result["rows"]
    assert sum(model["confidences"]["right"]) == sum(one["correct"] for one in model["bins"])
    assert sum(model["confidences"]["wrong"]) == result["rows"] - sum(model["confidences"]["right"])


def test_the_temperature_is_fitted_without_the_holdout(images: AnalysisContext) -> None:
    before = run(images)
    for found in images.predictions.values():
        found.probabilities[:] = found.probabilities[::-1].copy()
    after = run(images)
    assert [one["temperature"] for one in before["per_network"].values()] == [
        one["temperature"] for one in after["per_network"].values()
    ]
    assert before["per_network"]["accuracy_only_0"]["after"] != after["per_network"]["accuracy_only_0"]["after"]


def test_without_the_networks_corrupted_rows_are_left_out(images: AnalysisContext) -> None:
    result = run(images)
    assert result["corrupted"]["status"] == "skipped" and "files of the networks" in result["corrupted"]["reason"]
    assert {one["when"] for one in result["runs"]} == {"before", "after"}
    assert any("On corrupted rows nothing was measured" in line for line in result["reading"])


def test_on_corrupted_rows_each_set_is_measured_and_all_count_alike(
    images: AnalysisContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrupted_sets, "ROWS", 60)
    context = with_models(images, lambda mode, pair: "templates" if mode == "health_aware" else "constant")
    result = run(context)
    found = result["corrupted"]
    with CorruptedSets(context) as sets:
        rows, labels = sets.rows, context.labels[sets.places]
    x = np.asarray(context.dataset.arrays().x)[rows]
    losses = {0: [log_loss(labels, answers("templates", x), labels=range(10))]}
    scores = []
    for severity in (1, 2, 3, 4, 5):
        losses[severity] = []
        for one in published("image"):
            damaged = corrupt_images(x, one, severity, context.seed, dataset="digits", rows=rows, scale=16.0)
            said = answers("templates", damaged)
            losses[severity].append(log_loss(labels, said, labels=range(10)))
            scores.append(((said - np.eye(10)[labels]) ** 2).sum(axis=1).mean())
    every = [loss for severity in (1, 2, 3, 4, 5) for loss in losses[severity]]
    assert found["sets"] == len(every) == len(scores)
    assert found["per_network"]["health_aware_3"]["nll"] == pytest.approx(np.mean(every), rel=1e-4)
    assert found["per_network"]["health_aware_3"]["brier"] == pytest.approx(np.mean(scores), rel=1e-4)
    (curve,) = (one for one in found["curves"] if one["measure"] == "nll")
    means = [point["mean"] for point in curve["curves"]["health_aware"]]
    assert means == pytest.approx([np.mean(losses[severity]) for severity in range(6)], rel=1e-4)
    flat = [point["mean"] for point in curve["curves"]["accuracy_only"]]
    assert flat == pytest.approx([flat[0]] * 6), "what says the same to everything is as bad on any rows"

    compared = {one["measure"]: one for one in result["runs"] if one["when"] == "corrupted"}
    assert set(compared) == {"nll", "brier", "ece"} and all(one["exploratory"] for one in compared.values())
    assert compared["nll"]["values"]["health_aware"]["3"] == found["per_network"]["health_aware_3"]["nll"]
    assert result["primary"] == "nll" and [one["when"] for one in result["runs"] if not one["exploratory"]] == [
        "before"
    ]
    assert "corrupted" in MODULES["calibration"].figures(result)


def test_an_oracle_needs_no_temperature() -> None:
    result = run(worlds.plain_context(worlds.oracle, Y))
    found = result["models"]["a"]
    assert (found["temperature"], found["after"], found["bins_after"]) == (None, None, None)
    assert "more confidence is always better" in found["note"]
    assert (found["before"]["nll"], found["before"]["brier"], found["before"]["ece"]) == (0, 0, 0)
    assert found["before"]["separation"] is None and found["before"]["confidence_wrong"] is None
    after = [one for one in result["runs"] if one["when"] == "after"]
    assert all(one["difference"]["n"] == 0 for one in after)


def test_a_constant_predictor_separates_nothing() -> None:
    labels = np.where(np.arange(len(Y)) % 4 == 0, 3, Y)
    result = run(worlds.plain_context(worlds.constant, labels))
    before = result["models"]["b"]["before"]
    share = float((labels == 3).mean())
    assert before["separation"] == 0.5
    assert before["ece"] == pytest.approx(0.91 - share, abs=1e-6) == before["ece_width"]
    # Says 0.91 and nine times 0.01; the best temperature makes the 0.91 what is true.
    expected = np.log(91) / np.log(9 * share / (1 - share))
    assert result["models"]["b"]["temperature"] == pytest.approx(expected, rel=1e-5)
    assert result["models"]["b"]["after"]["ece"] == pytest.approx(0, abs=1e-6)


def test_the_figures_show_what_was_measured() -> None:
    drawn = MODULES["calibration"].figures(run(worlds.plain_context(overconfident, Y)))
    assert set(drawn) == {"reliability_a", "reliability_b", "confidence_a", "confidence_b", "runs", "effects"}
    names = [trace.name for trace in drawn["reliability_a"].data]
    assert "as it is" in names and any(name.startswith("at temperature") for name in names)
    (effects,) = drawn["effects"].data
    assert effects.x[0] > 0 and len(effects.x) == 5
