"""What the report of a single run says, for paper and for a browser: tables as rows, figures, and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.cli.optimize import duration
from core.code_version import code_version
from core.config import Settings
from core.datasets import DATASETS
from core.errors import LabError
from core.figures import learning_curves, optimization_history
from core.health import METRICS, MetricResult
from core.progress import best_trial
from core.records import from_dict
from core.report.words import four, network, settings, when
from core.search_space import model_config
from core.stats import wilson_interval
from core.store import RunRecord, Store, TrialRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

NONE = "–"
MODES = {"simple": "accuracy only", "health_aware": "health-aware"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSource:
    """A run with its trials; `health` of the best trial by metric."""

    run: RunRecord
    trials: tuple[TrialRecord, ...]
    best: TrialRecord | None
    health: Mapping[str, MetricResult]
    written: float

    @classmethod
    def read(cls, settings: Settings, store: Store, name: str) -> RunSource:
        """Read a run. Raises LabError when there is none of this name, or when it has no trial."""
        run, trials = store.run(name), tuple(store.trials(name))
        if not trials:
            raise LabError(f"run {name!r} has no trial yet, so there is nothing to report; let it begin first")
        DATASETS.follow(settings.data_dir)
        best = best_trial(trials)
        return cls(run=run, trials=trials, best=best, health=_health(store, name, best), written=store.now())

    @property
    def dataset_label(self) -> str:
        """The data set's name for people."""
        name = self.run.config.dataset_name
        return DATASETS[name].label if name in DATASETS else name

    @property
    def title(self) -> str:
        """The title of the report."""
        return f"Run report: {self.run.name}"

    def searched(self) -> list[dict[str, Any]]:
        """Return what was searched, and how."""
        config, facts = self.run.config, self.run.facts
        weights = config.effective_weights
        sizes = ", ".join(f"{part} {rows:,}" for part, rows in facts.get("sizes", {}).items())
        changes = "; ".join(f"{name} = {value}" for name, value in config.search_space.items())
        counts = {
            state: sum(trial.state == state for trial in self.trials) for state in ("completed", "pruned", "failed")
        }
        rows = [
            ("Data set", f"{self.dataset_label} ({config.dataset_name}){f'; rows: {sizes}' if sizes else ''}"),
            (
                "Mode",
                f"{MODES[config.optimization_mode]}: the score is {weights.accuracy:.0%} accuracy and "
                f"{weights.health:.0%} health".replace("%", " %"),
            ),
            (
                "Budget",
                f"{config.trials} trials of up to {config.max_epochs_per_trial} epochs, {config.workers} at a time",
            ),
            (
                "Search space",
                f"the usual one, with these changes: {changes}" if changes else "the usual one for such data",
            ),
            ("Seed", str(config.random_seed)),
            ("Status", f"{self.run.status}; {', '.join(f'{amount} {state}' for state, amount in counts.items())}"),
            ("Begun, and work", f"{when(self.run.created)}; {duration(self.run.seconds)}"),
            ("Data (SHA-256)", facts.get("data_hash") or NONE),
            ("Split (SHA-256)", facts.get("split_hash") or NONE),
            ("Report written", f"{when(self.written)} by program version {code_version()}"),
        ]
        return [{"What": what, "Value": value} for what, value in rows]

    def best_rows(self) -> list[dict[str, Any]]:
        """Return the numbers of the best network."""
        best, sizes = self.best, self.run.facts.get("sizes", {})
        if best is None:
            return []
        rows = [
            ("Trial", str(best.number)),
            ("Total score", NONE if best.total_score is None else f"{best.total_score:.4f}"),
            ("Validation accuracy (chose it)", _with_interval(best.accuracy, sizes.get("validation"))),
            ("Test accuracy (only reported)", _with_interval(best.test_accuracy, sizes.get("test"))),
            ("Health", NONE if best.health is None else f"{best.health:.4f}"),
            ("Parameters", NONE if best.parameters is None else f"{best.parameters:,}"),
            ("Layers", network(self.run.config.dataset_name, best.params)),
            ("Settings", settings(best.params)),
        ]
        return [{"What": what, "Value": value} for what, value in rows]

    def health_rows(self) -> list[dict[str, Any]]:
        """Return the components of the best network's health, with their weight within it and what they mean."""
        if self.best is None:
            return []
        weights = self.run.config.weights.components()
        rows = []
        for name, metric in METRICS.items():
            value, reading = self.best.components.get(name), self.health.get(name)
            rows.append(
                {
                    "Component": metric.label,
                    "Value": NONE if value is None else f"{value:.4f}",
                    "Weight": f"{weights[name]:.0%}".replace("%", " %"),
                    "What it means": metric.meaning,
                    "Note": reading.reason if reading and reading.reason else NONE,
                }
            )
        return rows

    def trial_rows(self) -> list[dict[str, Any]]:
        """Return a row for every trial."""
        return [
            {
                "Trial": f"{trial.number}{' ★' if self.best is not None and trial.number == self.best.number else ''}",
                "State": trial.state,
                "Score": NONE if trial.total_score is None else f"{trial.total_score:.4f}",
                "Valid. %": four(trial.accuracy),
                "Test %": four(trial.test_accuracy),
                "Health": NONE if trial.health is None else f"{trial.health:.4f}",
                "Parameters": trial.parameters,
                "Seconds": None if trial.seconds is None else round(trial.seconds, 1),
                "Settings, or how it ended": _settings(self.run.config.dataset_name, trial),
            }
            for trial in self.trials
        ]

    def figures(self) -> dict[str, tuple[str, str, go.Figure]]:
        """Return title, how to read it, and the drawing of every figure."""
        number = self.best.number if self.best else None
        return {
            "history": (
                "Score of every trial",
                "A point is a trial; the steps are the best so far.",
                optimization_history.draw(optimization_history.compute(self.trials)),
            ),
            "curves": (
                "Learning curves",
                "Validation accuracy by epoch, a line for each trial; the thick one is the best trial.",
                learning_curves.draw(learning_curves.compute(self.trials, number, active=False)),
            ),
        }

    def verdict(self) -> str:
        """Say in a sentence what came out."""
        best = self.best
        if best is None:
            return "No trial has completed within the budgets, so there is no best network."
        told = f"Trial {best.number} of {len(self.trials)} is the best: total score {best.total_score or 0:.4f}"
        test = "" if best.test_accuracy is None else f", {100 * best.test_accuracy:.2f} % right on test rows"
        return f"{told}{test}. One run is one draw: another seed would find another network."


def _health(store: Store, name: str, best: TrialRecord | None) -> dict[str, MetricResult]:
    if best is None:
        return {}
    study = store.optuna_storage.get_study_id_from_name(name)
    stored = store.optuna_storage.get_all_trials(study, deepcopy=False)[best.number].user_attrs.get("health") or {}
    return {metric: from_dict(MetricResult, reading) for metric, reading in stored.items()}


def _with_interval(share: float | None, rows: int | None) -> str:
    if share is None:
        return NONE
    if not rows:
        return f"{four(share)} %"
    low, high = wilson_interval(round(share * rows), rows)
    return f"{four(share)} % (95 % Wilson {four(low)} to {four(high)}, n = {rows:,})"


def _settings(dataset: str, trial: TrialRecord) -> str:
    if trial.state != "completed":
        return " ".join((trial.note or NONE).split())
    if dataset in DATASETS:
        try:
            model_config(DATASETS[dataset].kind, trial.params)
        except LabError:
            return settings(trial.params)
    return f"{network(dataset, trial.params)}; {settings(trial.params)}"
