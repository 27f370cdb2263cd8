"""The ablation on made-up trials whose truth is known: which metric tells something, and which arm picks what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

from core.analyses import MODULES
from core.analyses.ablation import compare, figures, new_runs
from core.analyses.ablation_reading import reading
from core.analyses.ablation_tables import CAPTIONS, tables
from core.analyses.answering import Subject
from core.analyses.arm_contrasts import ArmOutcomes, Outcome, contrasts, ranking
from core.analyses.arm_runs import ArmChoice, ArmRuns
from core.analyses.arms import ALL, CONTROL, METRIC_NAMES, REFERENCE, Arm, arms_of, pick, pick_all, single
from core.analyses.metric_correlations import sample
from core.config import ScoringWeights
from core.errors import InvalidInputError
from core.figures import arm_rows, correlation_rows
from core.health import MetricResult
from core.scoring import score
from core.study_networks import PoolTrial
from tests.analyses.worlds import constant, plain_context

WEIGHTS = ScoringWeights(accuracy=0.5)
ARMS = arms_of(WEIGHTS)
PLANTED = "gradient_health"
Pools = dict[int, list[PoolTrial]]
NO_RUNS = ArmRuns(choices=(), reference={}, all_six={}, unfinished=(), trained=0, taken_over=0)


def trial(pair: int, number: int, validation: float, components: Mapping[str, float | None]) -> PoolTrial:
    return PoolTrial(
        mode="accuracy_only", pair=pair, trial=number, validation=validation, test=validation, total=validation,
        health=None, components=dict(components), parameters=1, params={}, folder=Path("no"), split=Path("no"),
    )  # fmt: skip


class Made:
    """Pools with outcomes: holdout accuracy is validation accuracy, luck, and `effect` of the planted metric."""

    def __init__(self, effect: float, *, pairs: int = 10, trials: int = 20, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.pools: Pools = {}
        self.outcomes: dict[str, Outcome] = {}
        self.losses: dict[str, float | None] = {}
        for pair in range(pairs):
            self.pools[pair] = [self._trial(rng, pair, number, effect) for number in range(trials)]

    def _trial(self, rng: Generator, pair: int, number: int, effect: float) -> PoolTrial:
        skill = rng.uniform(0.80, 0.84)
        components = {name: float(rng.uniform(0.2, 0.9)) for name in METRIC_NAMES}
        made = trial(pair, number, skill + rng.normal(0, 0.002), components)
        holdout = skill + effect * (components[PLANTED] - 0.5) + rng.normal(0, 0.004)
        self.outcomes[made.name] = Outcome(key=made.name, accuracy=holdout, nll=1.2 - holdout + rng.normal(0, 0.01))
        self.losses[made.name] = 1.1 - skill + rng.normal(0, 0.01)
        return made

    @property
    def everyone(self) -> list[PoolTrial]:
        return [one for trials in self.pools.values() for one in trials]

    def result(self) -> dict[str, Any]:
        found = compare(ARMS, self.pools, self.losses, self.outcomes, self.everyone, seed=1)
        found |= {"new_runs": new_runs(NO_RUNS, self.outcomes, "made-up")}
        return json.loads(json.dumps(found | {"reading": reading(found)}, allow_nan=False))  # type: ignore[no-any-return]


def of(found: Sequence[Mapping[str, Any]], **wanted: str) -> Mapping[str, Any]:
    (one,) = (one for one in found if all(one[key] == value for key, value in wanted.items()))
    return one


def test_a_metric_that_tells_more_than_validation_does_is_found() -> None:
    result = Made(effect=0.2).result()
    arm = of(result["contrasts"], arm=PLANTED, outcome="accuracy")
    assert arm["shown"] and arm["gain"]["mean"] > 0.01 and arm["p_holm"] < 0.05
    assert result["ranking"][0] == PLANTED
    for outcome, sign in (("accuracy", 1), ("nll", -1)):
        one = of(result["correlations"], metric=PLANTED, outcome=outcome)
        assert one["shown"] and one["helps"] and sign * one["partial"]["value"] > 0.5
    others = [one for one in result["correlations"] if one["metric"] != PLANTED]
    assert not any(one["shown"] for one in others) and len(others) == 10
    text = " ".join(result["reading"])
    assert "Choosing anew by accuracy and gradient health: holdout accuracy better than accuracy only, +" in text
    assert "these go with holdout accuracy: gradient health +" in text
    assert result["reading"][-1] == "All of this is exploratory: it can suggest, but does not show."


def test_a_metric_that_harms_is_found_too() -> None:
    result = Made(effect=-0.08).result()
    arm = of(result["contrasts"], arm=PLANTED, outcome="accuracy")
    assert arm["shown"] and arm["gain"]["mean"] < 0 and result["ranking"][-1] == PLANTED
    one = of(result["correlations"], metric=PLANTED, outcome="accuracy")
    assert one["shown"] and not one["helps"]
    text = " ".join(result["reading"])
    assert "worse than accuracy only" in text and "No metric was shown to help." in text


def test_pure_noise_is_not_found() -> None:
    """12 correlations and 14 contrasts in each of 6 studies; Holm holds each family to 5 %."""
    wrong = 0
    for seed in range(6):
        result = Made(effect=0.0, trials=8, seed=seed).result()
        # Half of the weight on noise picks worse networks, which is no false alarm: only gains are.
        wrong += any(one["shown"] and one["gain"]["mean"] > 0 for one in result["contrasts"] if one["arm"] != CONTROL)
        wrong += any(one["shown"] for one in result["correlations"])
    assert wrong <= 2
    text = " ".join(result["reading"])
    assert text.count("no metric was shown to go with") == 2


def test_a_metric_that_only_repeats_accuracy_has_a_plain_correlation_and_no_partial_one() -> None:
    made = Made(effect=0.0)
    for pair, trials in made.pools.items():
        made.pools[pair] = [replace(one, components=one.components | {PLANTED: one.validation}) for one in trials]
    one = of(made.result()["correlations"], metric=PLANTED, outcome="accuracy")
    assert one["plain"]["value"] > 0.5 and one["partial"]["value"] is None and one["p_holm"] is None
    assert "the same as what is given" in one["partial"]["note"] and not one["shown"]


def test_arms_choose_by_the_score_of_the_study_and_the_control_by_the_loss() -> None:
    made = Made(effect=0.0)
    picks = pick_all(ARMS, made.pools, made.losses)
    for pair, trials in made.pools.items():
        for arm in ARMS[:-1]:

            def total(one: PoolTrial, arm: Arm = arm) -> float:
                measured = {
                    name: MetricResult(name=name, value=v, n=1, version=1) for name, v in one.components.items()
                }
                assert arm.weights is not None
                return score(one.validation, measured, arm.weights).total

            assert picks[arm.key][pair] is max(trials, key=total)
        assert picks[REFERENCE][pair] is max(trials, key=lambda one: one.validation)
        assert picks[CONTROL][pair] is min(trials, key=lambda one: made.losses[one.name] or 9)
        by_one = max(trials, key=lambda one: one.validation + (one.components[PLANTED] or 0))  # half and half
        assert picks[PLANTED][pair] is by_one
    assert [arm.key for arm in ARMS] == [REFERENCE, ALL, *METRIC_NAMES, CONTROL]
    assert ARMS[1].weights == WEIGHTS
    with pytest.raises(InvalidInputError, match="unknown arm 'gradient'"):
        single(WEIGHTS, "gradient")


def test_what_was_not_measured_leaves_the_choice_to_accuracy_and_equals_to_the_earliest() -> None:
    unmeasured = dict.fromkeys(METRIC_NAMES)
    trials = [trial(0, number, accuracy, unmeasured) for number, accuracy in enumerate((0.8, 0.9, 0.9))]
    for arm in ARMS[:-1]:
        assert pick(arm, trials, {}) is trials[1]
    assert pick(ARMS[-1], trials, {}) is None
    assert pick(ARMS[-1], trials, {trials[0].name: 0.4, trials[1].name: None, trials[2].name: 0.4}) is trials[0]


def test_with_one_trial_all_arms_are_the_same_and_nothing_is_claimed() -> None:
    result = Made(effect=0.08, trials=1).result()
    for one in result["contrasts"]:
        assert one["same"] == 10 and one["difference"]["mean"] == 0 and one["permutation"]["p"] is None
        assert not one["shown"]
    assert all(arm["same"] == 10 for arm in result["arms"])
    text = " ".join(result["reading"])
    assert "chose the same network as accuracy only in all 10 pairs; with one trial there is no choice" in text
    assert "no metric was shown to help" in text and "takes 9 pairs at least" in text


def test_without_losses_the_control_is_left_out_and_said_to_be() -> None:
    made = Made(effect=0.0)
    made.losses = dict.fromkeys(made.losses)
    result = made.result()
    assert of(result["contrasts"], arm=CONTROL, outcome="accuracy")["difference"]["mean"] is None
    assert any("no validation losses are stored" in line for line in result["reading"])
    assert all(figure.to_json() for figure in figures(result).values())


def test_contrasts_are_those_of_the_pairs_and_corrected_together() -> None:
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(5)
    base = {pair: Outcome(key="a", accuracy=float(rng.uniform()), nll=None) for pair in range(10)}

    def arm(key: str, shift: float) -> ArmOutcomes:
        chosen = {
            pair: Outcome(key=key, accuracy=(one.accuracy or 0) + shift + float(rng.normal(0, 0.01)), nll=None)
            for pair, one in base.items()
            if pair != 9 or key != "short"
        }
        return ArmOutcomes(key=key, label=key, chosen=chosen, reference=base)

    found = contrasts([arm("good", 0.02), arm("same", 0.0), arm("short", 0.01)], "accuracy")
    p = [one["permutation"]["p"] for one in found]
    assert [one["p_holm"] for one in found] == pytest.approx(multipletests(p, method="holm")[1].tolist())
    assert [one["pairs"] for one in found] == [10, 10, 9] and found[0]["shown"] and not found[1]["shown"]
    assert ranking(found)[0] == "good"
    assert contrasts([arm("good", 0.02)], "nll")[0]["difference"]["n"] == 0  # nothing known, nothing claimed


def test_a_lower_loss_is_a_gain() -> None:
    base = {pair: Outcome(key="a", accuracy=0.5, nll=0.5 + pair / 100) for pair in range(10)}
    lower = {pair: Outcome(key="b", accuracy=0.5, nll=0.4 + pair / 110) for pair in range(10)}
    (one,) = contrasts([ArmOutcomes(key="b", label="b", chosen=lower, reference=base)], "nll")
    assert one["difference"]["mean"] < 0 < one["gain"]["mean"] and one["effect"]["g"] > 0 and one["shown"]


def test_a_sample_takes_as_many_of_each_pair_and_is_the_same_again() -> None:
    made = Made(effect=0.0, pairs=4, trials=30)
    made.pools[3] = made.pools[3][:5]
    everyone = [one for trials in made.pools.values() for one in trials]
    assert sample(made.pools, 200, seed=1) == everyone
    few = sample(made.pools, 35, seed=1)
    assert [sum(one.pair == pair for one in few) for pair in range(4)] == [10, 10, 10, 5]
    assert few == sample(made.pools, 35, seed=1) != sample(made.pools, 35, seed=2)
    assert sample(made.pools, -3, seed=1) == []
    unlike = [one.trial for one in few if one.pair == 0]
    assert unlike == sorted(unlike) and unlike != list(range(10))


def test_searches_of_their_own_are_held_to_the_runs_of_the_study() -> None:
    def choice(arm: str, pair: int, trials: int = 25) -> ArmChoice:
        path = Path(f"{arm}_{pair}_{trials}")
        return ArmChoice(
            arm=arm, pair=pair, trials=trials, subject=Subject(name=str(path), model=path, spec=path, split=path)
        )

    pairs = range(10)
    own = [choice(PLANTED, pair) for pair in pairs] + [choice("training_stability", pair, 10) for pair in (0, 1)]
    sizes = {(one.pair, one.trials) for one in own}
    reference = {(pair, count): choice(REFERENCE, pair, count) for pair, count in sizes}
    all_six = {(pair, count): choice(ALL, pair, count) for pair, count in sizes}
    rng = np.random.default_rng(0)
    shift = {PLANTED: 0.03, REFERENCE: 0.0, ALL: 0.0, "training_stability": 0.0}
    outcomes = {
        one.subject.name: Outcome(key=one.subject.name, accuracy=0.8 + shift[one.arm] + rng.normal(0, 0.005), nll=0.4)
        for one in (*own, *reference.values(), *all_six.values())
    }
    runs = ArmRuns(choices=tuple(own), reference=reference, all_six=all_six, unfinished=("x",), trained=3, taken_over=4)
    found = json.loads(json.dumps(new_runs(runs, outcomes, "s"), allow_nan=False))
    assert (found["status"], found["trials"], found["pairs"], found["unfinished"]) == ("ok", [10, 25], [*pairs], ["x"])
    assert of(found["contrasts"], arm=PLANTED, outcome="accuracy")["shown"]
    stability = of(found["contrasts"], arm="training_stability", outcome="accuracy")
    expected = np.mean([outcomes[reference[pair, 10].subject.name].accuracy or 0 for pair in (0, 1)])
    assert stability["pairs"] == 2 and stability["reference"]["mean"] == pytest.approx(expected)
    assert not of(found["contrasts"], arm=ALL, outcome="accuracy")["shown"]
    result = Made(effect=0.0).result() | {"new_runs": found}
    assert any(
        "Searches of their own (10 or 25 trials, 10 pairs) by accuracy and gradient" in one for one in reading(result)
    )
    assert figures(result).keys() == CAPTIONS.keys() and len(tables(result)) == 3
    nothing = new_runs(NO_RUNS, {}, "s")
    assert nothing["status"] == "skipped" and nothing["reason"].startswith("no runs of single arms; `python -m core")


@pytest.mark.parametrize("made", [lambda: Made(0.08), lambda: Made(0.0, pairs=1), lambda: Made(0.0, pairs=2, trials=1)])
def test_figures_say_what_the_result_says(made: Callable[[], Made]) -> None:
    result = made().result()
    drawn = figures(result)
    assert list(drawn) == ["reselection_accuracy", "reselection_nll", "correlation_accuracy", "correlation_nll"]
    assert all("NaN" not in figure.to_json() for figure in drawn.values())
    assert all(line.endswith(".") and "nan" not in line for line in result["reading"])
    rows = arm_rows.compute([one for one in result["contrasts"] if one["outcome"] == "accuracy"])
    marks = [mark for mark in drawn["reselection_accuracy"].data if mark.mode == "markers"]
    assert [mark.x[0] for mark in marks] == pytest.approx([100 * row.mean for row in rows]) and len(rows) == 8
    assert [row.control for row in rows] == [False] * 7 + [True]
    metrics = correlation_rows.compute([one for one in result["correlations"] if one["outcome"] == "accuracy"])
    assert len(metrics) == 6
    for row, one in zip(metrics, result["correlations"], strict=False):
        assert (row.partial and row.partial.value) == one["partial"]["value"]


def test_a_study_without_stored_trials_is_skipped_with_a_reason() -> None:
    result = MODULES["ablation"].run(plain_context(constant, np.arange(20) % 10))
    assert result["status"] == "skipped" and "not stored any more" in result["reason"]
