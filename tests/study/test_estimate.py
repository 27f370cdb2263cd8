"""What a study will take, said before it starts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.config import OptimizationConfig, Settings
from core.executors.local import LocalExecutor
from core.store import Store
from core.study_config import StudyConfig
from core.study_estimate import Probe, StudyProbes, estimate, surely_shared, train_probe
from tests.remote.lab import wait_for

CONFIG = StudyConfig(runs=10, trials=25, epochs=6, concurrent_workers=2)


def test_trainings_lie_between_all_shared_and_only_the_first_ones(settings: Settings) -> None:
    found = estimate(CONFIG, Store(settings))
    assert surely_shared(CONFIG) == 5
    assert (found.fewest, found.most) == (250, 450)
    assert found.seconds is None and found.cost is None and found.basis == "not measured yet"
    few = estimate(replace(CONFIG, trials=5), Store(settings))
    assert few.fewest == few.most == 50


def test_a_probe_tells_the_time_and_the_cost(settings: Settings) -> None:
    probe = Probe(done=True, seconds=3.0, epoch=1.0)  # 2 s around the training
    found = estimate(CONFIG, Store(settings), probe)
    assert found.seconds == pytest.approx((2 + 6 * 1.0) * 350 / 2)
    assert "probe trial" in found.basis and found.cost is None
    remote = replace(CONFIG, use_runpod_service=True, gpu_price_per_hour=0.72, target_gpus_per_worker=2)
    assert estimate(remote, Store(settings), probe).cost == pytest.approx(8 * 350 * 2 * 0.72 / 3600)
    assert estimate(CONFIG, Store(settings), Probe(done=True, error="no data")).seconds is None
    assert estimate(CONFIG, Store(settings), Probe(done=False)).seconds is None


def test_earlier_trials_of_the_data_set_know_better(settings: Settings) -> None:
    store = Store(settings)
    store.create_run("before", OptimizationConfig(run_name="before"))
    study = store.study("before")
    for _ in range(5):
        trial = study.ask()
        for epoch in (1, 2, 3):
            trial.report(0.5, epoch)
        trial.set_user_attr("seconds", 6.0)
        study.tell(trial, 0.5)
    found = estimate(CONFIG, store, Probe(done=True, seconds=100.0, epoch=50.0))
    assert found.seconds == pytest.approx(2.0 * 6 * 350 / 2)
    assert found.basis == "measured on 5 earlier trials with this data set and search space"
    assert estimate(replace(CONFIG, dataset_name="mnist"), store).seconds is None
    assert estimate(replace(CONFIG, search_space={"conv_layers": 1}), store).seconds is None


@pytest.mark.training
def test_a_real_probe_measures_an_epoch(lab: Settings, tmp_path) -> None:  # type: ignore[no-untyped-def]
    executor = LocalExecutor(tmp_path / "log")
    try:
        probe = train_probe(StudyConfig(search_space={"conv_layers": 1}), lab, executor, tmp_path)
    finally:
        executor.close()
    assert probe.done and probe.error is None and 0 < probe.epoch < probe.seconds


def test_what_cannot_be_probed_is_said(settings: Settings) -> None:
    probes = StudyProbes(settings)
    try:
        config = StudyConfig(dataset_name="mnist")  # neither cached nor in a mirror nor reachable
        probes.ask(config)
        wait_for(lambda: (found := probes.state(config)) is not None and found.done, "the probe", 60)
        assert probes.state(replace(config, runs=20)) == (found := probes.state(config))  # what is trained is the same
        assert probes.state(replace(config, search_space={"conv_layers": 1})) is None
        assert found is not None and found.error and "mnist" in found.error.lower()
    finally:
        probes.close()
