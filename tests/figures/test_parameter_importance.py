"""Importance: the numbers of Optuna's PED-ANOVA, without what Optuna would import for them."""

from __future__ import annotations

import subprocess
import sys

import optuna
import pytest
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from core.figures.parameter_importance import compute, draw
from core.store import trial_record
from tests.conftest import REPOSITORY
from tests.figures.records import record

SPACE = {
    "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True),
    "dropout": optuna.distributions.FloatDistribution(0.0, 0.5, step=0.05),
    "momentum": optuna.distributions.FloatDistribution(0.0, 1.0),
    "dense_layers": optuna.distributions.IntDistribution(1, 4),
    "dense_units_2": optuna.distributions.IntDistribution(16, 256, log=True),
    "optimizer": optuna.distributions.CategoricalDistribution(["adam", "sgd"]),
    "batch_size": optuna.distributions.CategoricalDistribution([64]),
}


def objective(params: dict[str, float]) -> float:
    return params["momentum"] + 0.05 * (params["optimizer"] == "adam") + 0.01 * params["dropout"]


@pytest.fixture(scope="module")
def study() -> optuna.Study:
    """200 random trials of a score that hangs on the momentum."""
    made = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(200):
        trial = made.ask(SPACE)
        made.tell(trial, objective(trial.params))
    return made


def test_the_numbers_are_those_of_optuna(study: optuna.Study) -> None:
    trials = [trial_record(trial) for trial in study.trials]
    for trial in trials:
        trial.params.pop("dense_layers")  # so that Optuna and we agree on who has a second layer: all
    ours = {bar.name: bar.share for bar in compute(trials, SPACE).bars}
    theirs = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(), params=list(ours))
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_what_decides_is_beyond_chance_and_noise_is_not(study: optuna.Study) -> None:
    data = compute([trial_record(trial) for trial in study.trials], SPACE)
    bars = {bar.name: bar for bar in data.bars}
    assert data.names(1) == ["momentum"] and bars["momentum"].clear
    assert not bars["dropout"].clear and not bars["learning_rate"].clear
    assert (data.n, data.top) == (200, 20)
    assert "batch_size" not in bars
    assert sum(bar.share for bar in data.bars) == pytest.approx(1.0)


def test_networks_without_the_layer_do_not_count(study: optuna.Study) -> None:
    data = compute([trial_record(trial) for trial in study.trials], SPACE)
    deep = sum(trial.params["dense_layers"] >= 2 for trial in study.trials)
    assert next(bar.n for bar in data.bars if bar.name == "dense_units_2") == deep < 200


def test_too_few_trials_are_refused_with_their_number() -> None:
    data = compute([record(number, total=number / 10, params={"dropout": 0.1}) for number in range(9)], SPACE)
    assert data.reason == "Needs 10 completed trials or more;<br>so far there are 9. Add trials to see it."
    assert draw(data).layout.annotations[0].text == data.reason


def test_equal_scores_tell_nothing_and_say_so() -> None:
    data = compute([record(n, total=0.5, params={"dropout": 0.05 * (n % 9)}) for n in range(12)], SPACE)
    assert data.reason and "scored the same" in data.reason


def test_a_value_asked_for_by_hand_outside_the_space_is_left_out() -> None:
    trials = [record(n, total=n / 20, params={"optimizer": "adam" if n % 2 else "sgd"}) for n in range(12)]
    trials.append(record(12, total=0.99, params={"optimizer": "lion"}))
    assert [bar.n for bar in compute(trials, SPACE).bars] == [12]


def test_the_drawing_tells_evidence_from_chance_by_pattern(study: optuna.Study) -> None:
    figure = draw(compute([trial_record(trial) for trial in study.trials], SPACE))
    patterns = {trace.name: trace.marker.pattern.shape for trace in figure.data if trace.type == "bar"}
    assert patterns == {"Beyond chance": "", "Within chance": "/"}


def test_no_scikit_learn_is_loaded() -> None:
    code = (
        "import sys; from core.figures.parameter_importance import compute; from tests.figures.records import record; "
        "from optuna.distributions import FloatDistribution as F; "
        "r = [record(n, total=n / 20, params={'a': n / 20}) for n in range(20)]; "
        "assert compute(r, {'a': F(0, 1)}).bars; print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
