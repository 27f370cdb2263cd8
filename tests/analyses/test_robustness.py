"""Module 2 on networks whose answers to damaged rows are known."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from core.analyses import MODULES, answering, corrupted_sets
from core.analyses.answering import Subject
from core.analyses.context import AnalysisContext
from core.analyses.corrupted_sets import CorruptedSets, published
from core.analyses.robustness import run
from core.config import Settings
from core.corruptions import CORRUPTIONS, Corruption
from core.corruptions.images import corrupt_images
from core.datasets.cache import prepare
from core.datasets.split import fitted_words, prepare_split
from core.datasets.text import UNKNOWN
from core.study_config import StudyMode
from tests.analyses.models import answers, with_models
from tests.analyses.worlds import context_of, mixed

SEVERITIES = (1, 2, 3, 4, 5)


def planted(mode: StudyMode, pair: int) -> str:
    """The accuracy-only networks see a few pixels only; the health-aware ones see the whole digit."""
    kind = "pixels" if mode == "accuracy_only" else "templates"
    return kind if pair % 2 else f"{kind}_2"


@pytest.fixture(scope="module")
def world(lab: Settings, tmp_path_factory: pytest.TempPathFactory) -> AnalysisContext:
    folder = tmp_path_factory.mktemp("networks")
    return with_models(context_of(prepare("digits", lab), lab, folder, mixed), planted)


@pytest.fixture(scope="module")
def result(world: AnalysisContext) -> dict[str, Any]:
    return run(world)


@pytest.fixture(scope="module")
def damaged(world: AnalysisContext) -> dict[tuple[str, int], np.ndarray]:
    """Every published set, made without the module."""
    return {
        (one.name, severity): corrupted(world, one, severity) for one in published("image") for severity in SEVERITIES
    }


def corrupted(context: AnalysisContext, one: Corruption, severity: int) -> np.ndarray:
    """The holdout as the module should show it, made without it."""
    rows = next(iter(context.predictions.values())).rows
    x = np.asarray(context.dataset.arrays().x)[rows]
    return corrupt_images(x, one, severity, context.seed, dataset="digits", rows=rows, scale=16.0)


def test_every_number_is_that_of_the_networks_on_the_corrupted_rows(
    world: AnalysisContext, result: dict[str, Any], damaged: dict[tuple[str, int], np.ndarray]
) -> None:
    labels = world.labels
    ones = published("image")
    assert len(ones) >= 8 and len(result["sets"]) == 5 * (len(ones) + 4)

    def share(name: str, rows: np.ndarray) -> float:
        return float(accuracy_score(labels, answers(name, rows).argmax(axis=1)))

    expected = {
        name: {one.name: float(np.mean([share(name, damaged[one.name, s]) for s in SEVERITIES])) for one in ones}
        for name in ("pixels", "pixels_2", "templates_2")
    }
    network = result["per_network"]["health_aware_0"]
    clean = share("templates_2", corrupted(world, ones[0], 0))
    assert network["clean"] == pytest.approx(clean) and clean > 0.8
    assert {one.name: network["accuracies"][one.name] for one in ones} == pytest.approx(expected["templates_2"])
    primary = float(np.mean(list(expected["templates_2"].values())))
    assert network["mean_corrupted_accuracy"] == pytest.approx(primary)
    assert network["relative"] == pytest.approx(primary / clean)

    score = 0.0
    for name, weight in (("gaussian_noise", 0.4), ("motion_blur", 0.3), ("jpeg", 0.2), ("salt_pepper", 0.1)):
        asked = CORRUPTIONS[name].asked
        assert asked is not None
        score += weight * float(np.mean([share("templates_2", corrupted(world, asked, s)) for s in SEVERITIES]))
    assert network["asked_score"] == pytest.approx(score)

    # The reference is the median over the runs of accuracy-only: three of "pixels" and three of "pixels_2".
    middle = {one.name: 1 - (expected["pixels"][one.name] + expected["pixels_2"][one.name]) / 2 for one in ones}
    assert result["reference"]["errors"] == pytest.approx(middle)
    error = np.mean([(1 - expected["templates_2"][name]) / middle[name] for name in middle])
    assert network["corruption_error"] == pytest.approx(float(error)) and error < 1
    assert "median" in result["reference"]["name"]


def test_a_planted_difference_is_the_claim_and_is_shown(
    world: AnalysisContext, result: dict[str, Any], damaged: dict[tuple[str, int], np.ndarray]
) -> None:
    assert result["primary"] == "mean_corrupted_accuracy"
    claims = [one for one in result["runs"] if not one["exploratory"]]
    assert [one["measure"] for one in claims] == [result["primary"]]
    (claim,) = claims
    values = [[result["per_network"][f"{mode}_{pair}"][result["primary"]] for pair in range(6)]
              for mode in ("accuracy_only", "health_aware")]  # fmt: skip
    assert claim["difference"]["mean"] == pytest.approx(np.mean(np.subtract(values[1], values[0])))
    assert claim["shown"] and claim["effect"]["g"] > 0 and "health-aware is better" in result["reading"][0]
    error = next(one for one in result["runs"] if one["measure"] == "corruption_error")
    assert error["better"] == "less" and error["difference"]["mean"] < 0 < error["gain"]["mean"]

    # Model A against model B: per row, over all published sets.
    right = [
        np.mean([answers(name, rows).argmax(axis=1) == world.labels for rows in damaged.values()], axis=0)
        for name in ("pixels_2", "templates_2")
    ]
    found = result["difference"]
    assert found["difference"] == pytest.approx(float((right[1] - right[0]).mean()))
    half = 1.96 * (right[1] - right[0]).std() / np.sqrt(len(right[0]))
    assert found["high"] - found["low"] == pytest.approx(2 * half, rel=0.1) and found["n"] == len(world.labels)


def test_a_constant_answer_is_as_good_on_any_rows(images: AnalysisContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrupted_sets, "ROWS", 60)
    result = run(with_models(images, lambda mode, pair: "constant"))
    with CorruptedSets(images) as sets:
        share = float((images.labels[sets.places] == 3).mean())
    for one in result["corruptions"]:
        for points in one["curves"].values():
            assert [point["mean"] for point in points] == pytest.approx([share] * 6)
    network = result["per_network"]["accuracy_only_2"]
    assert network["asked_score"] == pytest.approx(share) and network["relative"] == pytest.approx(1)
    assert network["corruption_error"] == pytest.approx(1)
    assert result["difference"]["difference"] == 0 and result["difference"]["low"] is None
    assert not any(one["shown"] for one in result["runs"])


def test_curves_start_clean_and_show_the_published_strengths(result: dict[str, Any]) -> None:
    noise, wide = (next(one for one in result["corruptions"] if one["name"] == name)
                   for name in ("gaussian_noise", "gaussian_noise_asked"))  # fmt: skip
    assert noise["ticks"] == ["none", "0.08", "0.12", "0.18", "0.26", "0.38"]  # of MNIST-C, since digits are grey
    assert wide["ticks"] == ["none", "0.06", "0.12", "0.18", "0.24", "0.3"] and wide["grid"] == "asked"
    clean = np.mean([result["per_network"][f"health_aware_{pair}"]["clean"] for pair in range(6)])
    for one in result["corruptions"]:
        assert one["curves"]["health_aware"][0]["mean"] == pytest.approx(clean)
    drawn = MODULES["robustness"].figures(result)
    assert set(drawn) == {"curves", "asked_curves", "runs", "effects", "examples"}
    named = {trace.name for trace in drawn["curves"].data if trace.showlegend}
    assert named == {"Accuracy-only", "Health-aware"}
    assert len(drawn["examples"].layout.images) == 6 * len(published("image"))
    strips = result["examples"]["corruptions"]
    assert len({strip["pictures"][0] for strip in strips}) == 1 and all(len(set(s["pictures"])) > 3 for s in strips)


def test_sets_are_hashed_kept_on_the_disk_for_a_while_and_asked_once(
    images: AnalysisContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrupted_sets, "ROWS", 40)
    context = replace(with_models(images, lambda mode, pair: "templates"), answers_dir=tmp_path / "answers")
    with CorruptedSets(context) as sets:
        places = sets.places
    kept: list[Path] = []
    make = CorruptedSets.arrays

    def spy(self: CorruptedSets, one: Corruption, severity: int) -> object:
        found = make(self, one, severity)
        assert isinstance(found.x, np.memmap)
        kept.append(Path(found.x.filename).parent)
        return found

    monkeypatch.setattr(CorruptedSets, "arrays", spy)
    first = run(context)
    assert len(kept) == len(first["sets"]) == len(set(kept)), "twelve networks of equal files are asked once"
    assert not any(folder.exists() for folder in kept)
    for key in ("jpeg/2", "motion_blur_asked/5"):
        name, severity = key.split("/")
        one = CORRUPTIONS[name.removesuffix("_asked")]
        x = corrupted(context, one.asked or one if name.endswith("_asked") else one, int(severity))
        assert first["sets"][key] == hashlib.sha256(x[places].tobytes()).hexdigest()

    def refuse(*_: object) -> None:
        raise AssertionError("was asked again")

    monkeypatch.setattr(answering.Asked, "predict", refuse)
    assert run(context) == first
    assert len(kept) == len(first["sets"]), "the hashes are kept too"


def test_no_more_rows_than_the_bound_and_clean_rows_are_the_same(
    world: AnalysisContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corrupted_sets, "ROWS", 50)
    context = world
    with CorruptedSets(context) as sets:
        places = sets.places
        assert len(set(places.tolist())) == 50 and (np.diff(places) > 0).all()
        x = sets.arrays(CORRUPTIONS["gaussian_noise"], 3).x
    whole = corrupted(context, CORRUPTIONS["gaussian_noise"], 3)
    assert (np.asarray(x) == whole[places]).all(), "a row's noise does not depend on the choice of rows"
    result = run(context)
    assert (result["rows"], result["rows_total"]) == (50, len(context.labels))
    assert any("50 of" in line for line in result["reading"])
    right = context.predictions["health_aware_1"].correct[places].mean()
    assert result["per_network"]["health_aware_1"]["clean"] == pytest.approx(right)


def test_without_the_networks_it_is_left_out(images: AnalysisContext) -> None:
    assert run(images)["status"] == "skipped"


def test_the_order_of_words_is_nothing_to_a_bag_of_words(texts: AnalysisContext) -> None:
    result = run(with_models(texts, lambda mode, pair: "bag" if mode == "accuracy_only" else "bag_2"))
    ones = {one["name"]: one for one in result["corruptions"]}
    assert set(ones) == {one.name for one in published("text")} >= {"word_swap", "character_noise"}
    for mode in ("accuracy_only", "health_aware"):
        swapped = [point["mean"] for point in ones["word_swap"]["curves"][mode]]
        assert swapped == pytest.approx([swapped[0]] * 6)
        assert len({point["mean"] for point in ones["token_dropout"]["curves"][mode]}) > 1
    network = result["per_network"]["health_aware_3"]
    assert network["asked_score"] == network["mean_corrupted_accuracy"] and result["asked"]["weights"] is None
    assert any("equal weights" in line for line in result["reading"])
    assert "asked_curves" not in MODULES["robustness"].figures(result)
    shown = {one["name"]: one["texts"] for one in result["examples"]["corruptions"]}
    words = shown["word_swap"][0].split()
    assert sorted(shown["word_swap"][5].split()) == sorted(words) and shown["word_swap"][5].split() != words
    assert len(shown["truncation"][5].split()) < len(words) / 4


def test_networks_of_other_words_get_the_same_damage(texts: AnalysisContext) -> None:
    """Own texts: each split has its own word index, and a word that it lacks is unknown."""
    context = with_models(texts, lambda mode, pair: "bag")
    seeds = (42, 43)
    splits = [prepare_split(texts.dataset, seed, texts.settings, holdout_seed=42).indices_path for seed in seeds]
    one = CORRUPTIONS["character_noise"]
    shared = texts.dataset.word_index()
    with CorruptedSets(context) as sets:
        common = sets.arrays(one, 4)
        assert common.tokens is not None
        for path in splits:
            subject = Subject(name="x", model=path, spec=path, split=path)
            part = sets.part(one, 4, subject)
            assert part.tokens is not None and part.offsets is not None and common.offsets is not None
            assert part.offsets.tolist() == common.offsets.tolist()
            train = np.load(path)["train"]
            known = fitted_words(texts.dataset, train)[0]
            for mine, theirs in zip(part.tokens.tolist(), common.tokens.tolist(), strict=True):
                word = shared.words.get(theirs)
                assert mine == (known.ids.get(word, UNKNOWN) if word else theirs)
    assert (part.tokens != common.tokens).any(), "the two indices differ"
