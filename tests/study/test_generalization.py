"""The comparison on made-up networks whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import Generator

from core.analyses.evaluation import Predictions
from core.analyses.generalization import analyse
from core.errors import LabError
from core.study_config import StudyMode
from core.study_networks import Networks, StudyNetwork

ROWS = 2_000
LABELS = np.random.default_rng(0).integers(0, 10, ROWS)


def network(mode: StudyMode, pair: int, validation: float) -> StudyNetwork:
    return StudyNetwork(
        mode=mode, pair=pair, run=f"r.{mode}.{pair}", trial=3, validation=validation, test=validation, train=1.0,
        total=validation, health=0.5, parameters=100, params={"a": pair, "mode": mode}, folder=Path("none"),
    )  # fmt: skip


def predictions(random: Generator, accuracy: float, common: np.ndarray) -> Predictions:
    """A network that gets each row right with probability `accuracy`; what is hard is hard for all (`common`)."""
    right = 0.5 * common + 0.5 * random.random(ROWS) < accuracy
    chosen = np.where(right, LABELS, (LABELS + 1) % 10)
    return Predictions(probabilities=np.eye(10, dtype=np.float32)[chosen], labels=LABELS, rows=np.arange(ROWS))


def world(seed: int, gain: float, runs: int = 10) -> tuple[Networks, dict[str, Predictions]]:
    """`gain`: how much more often the health-aware networks are right."""
    random = np.random.default_rng(seed)
    networks: Networks = {"accuracy_only": [], "health_aware": []}
    found = {}
    for pair in range(runs):
        base, common = 0.7 + 0.01 * random.standard_normal(), random.random(ROWS)
        for mode, more in (("accuracy_only", 0.0), ("health_aware", gain)):
            one = network(mode, pair, base + more)  # type: ignore[arg-type]
            networks[mode].append(one)  # type: ignore[index]
            found[one.name] = predictions(random, base + more, common)
    return networks, found


def test_a_planted_difference_is_found_and_has_the_right_sign() -> None:
    for gain, outcome in ((0.05, "better"), (-0.05, "worse")):
        result = analyse(*world(1, gain), [], sesoi=0.005, seed=1)
        procedure = result["procedure"]
        assert procedure["verdict"]["outcome"] == outcome
        assert procedure["verdict"]["winner"] == ("Health-aware" if gain > 0 else "Accuracy-only")
        assert procedure["permutation"]["p"] == pytest.approx(2 / 2**10)
        assert np.sign(procedure["difference"]["mean"]) == np.sign(gain)
        assert procedure["difference"]["low"] < procedure["difference"]["mean"] < procedure["difference"]["high"]
        assert result["models"]["mcnemar"]["p"] < 0.05


def test_no_winner_is_printed_where_there_is_none() -> None:
    shown = 0
    for seed in range(60):
        procedure = analyse(*world(seed, 0.0), [], sesoi=0.005, seed=1)["procedure"]
        assert procedure["verdict"]["winner"] is None
        assert procedure["verdict"]["outcome"] in ("equivalent", "undecided")
        shown += procedure["verdict"]["difference_shown"]
    assert shown <= 8  # 5 % of 60 on average, 8 with a chance of 1 %


def test_numbers_are_those_of_the_networks() -> None:
    networks, found = world(3, 0.02, runs=5)
    result = analyse(networks, found, [], sesoi=0.005, seed=1)
    rows = {row["measure"]: row for row in result["table"]}
    accuracies = [found[f"health_aware_{pair}"].accuracy for pair in range(5)]
    assert rows["holdout"]["health_aware"]["mean"] == pytest.approx(np.mean(accuracies))
    validation = [one.validation for one in networks["health_aware"]]
    assert rows["optimism"]["health_aware"]["mean"] == pytest.approx(np.mean(validation) - np.mean(accuracies))
    assert rows["gap"]["health_aware"]["mean"] == pytest.approx(1 - np.mean(accuracies))
    best = max(networks["health_aware"], key=lambda one: one.total)
    assert result["models"]["b"]["name"] == best.name
    right_a, right_b = (found[result["models"][model]["name"]].correct for model in "ab")
    table = result["models"]["mcnemar"]
    assert (table["only_a"], table["only_b"]) == (int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum()))


def test_a_missing_run_costs_its_pair_only_and_one_pair_is_too_few() -> None:
    networks, found = world(4, 0.0, runs=5)
    del networks["health_aware"][2]
    result = analyse(networks, found, [], sesoi=0.005, seed=1)
    assert [pair["pair"] for pair in result["pairs"]] == [0, 1, 3, 4]
    assert result["procedure"]["difference"]["n"] == 4
    with pytest.raises(LabError, match="1 complete pair of runs is too few"):
        analyse({mode: ones[:1] for mode, ones in networks.items()}, found, [], sesoi=0.005, seed=1)


def test_the_same_networks_throughout_are_said_in_plain_words() -> None:
    networks, found = world(5, 0.0, runs=6)
    for one, other in zip(*networks.values(), strict=True):
        networks["health_aware"][one.pair] = replace(other, params=one.params)
        found[other.name] = found[one.name]
    verdict = analyse(networks, found, [], sesoi=0.005, seed=1)["procedure"]["verdict"]
    assert verdict["sentence"] == "No difference to show: both modes kept the same network in all 6 pairs."
    assert verdict["winner"] is None and not verdict["difference_shown"]
