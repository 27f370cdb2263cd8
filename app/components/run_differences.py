"""What differs between runs: their settings, their results, and whether their scores may be compared at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.components.formats import NONE, accuracy, accuracy_interval, dataset_label, duration, mode_label, score
from core.records import to_dict
from core.service import RunView
from core.store import RunRecord

Row = dict[str, str]
_SAME_DATA = "Their accuracies were measured on different images or texts: a higher one is not a better one."


def setting_rows(runs: Sequence[RunRecord]) -> list[Row]:
    """Return a row per setting that is not the same in all runs, a column per run."""
    flat = {run.name: _flat(to_dict(run.config)) for run in runs}
    names = list(dict.fromkeys(name for settings in flat.values() for name in settings if name != "run name"))
    rows = [(name, {run: settings.get(name, "as usual") for run, settings in flat.items()}) for name in names]
    return [{"setting": name} | values for name, values in rows if len(set(values.values())) > 1]


def _flat(values: dict[str, Any], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        label = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, dict) and name in ("weights", "search_space"):
            flat |= _flat(value, before=f"{'weight of ' if name == 'weights' else 'range of '}")
        else:
            flat[label] = _words(name, value)
    return flat


def _words(name: str, value: Any) -> str:
    if name == "dataset_name":
        return dataset_label(value)
    if name == "optimization_mode":
        return mode_label(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def result_rows(views: Sequence[RunView]) -> list[Row]:
    """Return a row per result, a column per run. Accuracies carry their 95 % interval and number of rows."""
    columns = {view.run.name: _results(view) for view in views}
    names = next(iter(columns.values()))
    return [{"result": name} | {run: results[name] for run, results in columns.items()} for name in names]


def _results(view: RunView) -> Row:
    best, sizes = view.best, view.run.facts.get("sizes") or {}
    counts = [f"{view.count(state)} {state}" for state in ("completed", "pruned", "failed") if view.count(state)]
    return {
        "Best trial": NONE if best is None else f"trial {best.number}",
        "Validation accuracy": _accuracy(best.accuracy if best else None, sizes.get("validation")),
        "Test accuracy": _accuracy(best.test_accuracy if best else None, sizes.get("test")),
        "Health score": score(best.health if best else None),
        "Total score": score(best.total_score if best else None),
        "Parameters": NONE if best is None or best.parameters is None else f"{best.parameters:,}",
        "Trials": ", ".join(counts) or "none ended",
        "Time of work": duration(view.seconds),
        "Status": view.run.status,
    }


def _accuracy(value: float | None, n: int | None) -> str:
    interval = accuracy_interval(value, n)
    return accuracy(value) if interval is None else f"{accuracy(value)} ({interval}, n = {n:,})"


def obstacles(runs: Sequence[RunRecord]) -> list[str]:
    """Return why scores of these runs may not be compared, the gravest first; empty when they may."""
    if len({run.config.dataset_name for run in runs}) > 1:
        return [f"These runs used different data sets. {_SAME_DATA}"]
    found = []
    if unknown := [run.name for run in runs if not run.facts.get("split_hash")]:
        found.append(f"Not known whether the data are the same: {', '.join(unknown)} recorded no split of the data.")
    elif _differ(runs, "split_hash") or _differ(runs, "data_hash"):
        found.append(
            f"These runs split the data differently (seeds {_seeds(runs)}). {_SAME_DATA} "
            "Start a run with the same seed to compare."
        )
    if changed := _changed_metrics(runs):
        found.append(f"Health was measured by different versions of {changed}: health and total scores do not compare.")
    if len({_weights(run) for run in runs}) > 1:
        found.append(
            "The weights of accuracy and health differ, so the total scores mean different things. Compare accuracy "
            "and health instead."
        )
    return found


def _differ(runs: Sequence[RunRecord], fact: str) -> bool:
    return len({run.facts.get(fact) for run in runs}) > 1


def _weights(run: RunRecord) -> tuple[float, ...]:
    """Return what the total score was made of; the shares within health are nothing without a weight for health."""
    weights = run.config.effective_weights
    return (weights.accuracy, *(weights.components().values() if weights.health else ()))


def _seeds(runs: Sequence[RunRecord]) -> str:
    return ", ".join(dict.fromkeys(str(run.facts.get("split_seed", run.config.random_seed)) for run in runs))


def _changed_metrics(runs: Sequence[RunRecord]) -> str:
    versions = [run.facts.get("metric_versions") or {} for run in runs]
    known = [of_run for of_run in versions if of_run]
    names = dict.fromkeys(name for of_run in known for name in of_run)
    changed = [name for name in names if len({of_run.get(name) for of_run in known}) > 1]
    return ", ".join(name.replace("_", " ") for name in changed)
