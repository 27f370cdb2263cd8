"""The best network so far: its scores with their uncertainty, its health and its settings."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components.formats import accuracy, accuracy_interval, score
from core.config import ScoringWeights
from core.datasets import DATASETS
from core.health import METRICS, Metric
from core.health.result import MetricResult
from core.records import to_dict
from core.search_space import model_config
from core.service import RunService, RunView
from core.store import RunRecord, TrialRecord

_SCORE_PIXELS = 168
_PER_ROW = 3


def best_model(service: RunService, view: RunView) -> None:
    """Draw the best trial of a run; before there is one, the same places without numbers."""
    best = view.best
    st.subheader("Best network so far" if view.active else "Best network", anchor=False)
    if best is None:
        st.caption("No trial has been completed yet." if view.active else _nothing(view))
    else:
        size = f" · {best.parameters:,} parameters" if best.parameters is not None else ""
        st.caption(f"Trial {best.number}{size}. Chosen by its total score on the validation data.")
    _scores(view.run, best)
    readings = service.health(view.run.name, best.number) if best else {}
    _components(readings, view.run.config.effective_weights)
    if best is not None:
        _settings(view.run, best)


def _nothing(view: RunView) -> str:
    if view.count("completed"):
        return "Every completed trial is over a budget. Start a run with a larger budget."
    return "No trial was completed. The table below says why; resume the run or start another."


def _scores(run: RunRecord, best: TrialRecord | None) -> None:
    sizes: Mapping[str, int] = run.facts.get("sizes", {})
    weights = run.config.effective_weights
    formula = f"{weights.accuracy:.2g} accuracy + {weights.health:.2g} health" if weights.health else "accuracy alone"
    with st.container(horizontal=True, key="scores"):
        _number("Total score", score(best.total_score if best else None), formula, "What trials are ranked by, 0 to 1.")
        _accuracy("Validation accuracy", best.accuracy if best else None, sizes.get("validation"), _VALIDATION)
        _accuracy("Test accuracy", best.test_accuracy if best else None, sizes.get("test"), _TEST)
        _number("Health score", score(best.health if best else None), "of the six below", _HEALTH)


_VALIDATION = (
    "Share of right answers on data that chose the best trial but trained no network. Being chosen by it makes it a "
    "little too good."
)
_TEST = "Share of right answers on data that neither trained nor chose the network: the number to trust."
_HEALTH = "How soundly the network learned, 0 to 1: the average of the components below, by their weights."
_INTERVAL = " Below it the 95 % interval (Wilson): how far chance in these {n} rows alone can move the number."


def _accuracy(label: str, value: float | None, n: int | None, meaning: str) -> None:
    interval = accuracy_interval(value, n)
    if interval:
        meaning += _INTERVAL.format(n=f"{n:,}")
    _number(label, accuracy(value), f"95 %: {interval}" if interval else "no interval yet", meaning)


def _number(label: str, value: str, below: str, meaning: str) -> None:
    """Draw a number with a grey line below it; two fit side by side on a phone."""
    st.metric(label, value, delta=below, delta_color="off", delta_arrow="off", help=meaning, width=_SCORE_PIXELS)


def _components(readings: Mapping[str, MetricResult], weights: ScoringWeights) -> None:
    shares = list(weights.components().items())
    for start in range(0, len(shares), _PER_ROW):  # row by row: on a phone they stack in this order
        columns = st.columns(_PER_ROW)
        for column, (name, share) in zip(columns, shares[start : start + _PER_ROW], strict=False):
            with column, st.container(gap="xxsmall"):
                _component(METRICS[name], share, readings.get(name))


def _component(metric: Metric, share: float, reading: MetricResult | None) -> None:
    """Draw a component as a bar; its name opens the explanation."""
    with st.popover(metric.label, type="tertiary"):
        st.markdown(f"**{metric.label}** · {share:.0%} of the health score")
        st.markdown(metric.meaning)
        st.markdown(f"**How it is measured.** {metric.method}")
        st.markdown(f"**What to do.** {metric.advice}")
        if reading is not None and reading.reason:
            st.info(f"{reading.status.capitalize()}: {reading.reason}")
    value = reading.value if reading else None
    st.progress(value or 0.0, text=_reading_text(reading))


def _reading_text(reading: MetricResult | None) -> str:
    if reading is None:
        return "–"
    if reading.value is None:
        return f"not measured: {reading.reason}"
    remark = "" if reading.status == "ok" else f" ({reading.status})"
    return f"{reading.value:.3f}{remark}"


def _settings(run: RunRecord, best: TrialRecord) -> None:
    with st.expander("Settings of this network"):
        st.table(settings_rows(run, best), hide_index=True, hide_header=True, border="horizontal")


def settings_rows(run: RunRecord, best: TrialRecord) -> list[dict[str, str]]:
    """Return the settings that the network was really built with: those of layers it does not have are left out."""
    if run.config.dataset_name in DATASETS:
        config = to_dict(model_config(DATASETS[run.config.dataset_name].kind, best.params))
    else:  # a person's own data that was removed since: what the search chose is all that is known
        config = best.params
    return [{"setting": name.replace("_", " "), "value": _plain(value)} for name, value in config.items()]


def _plain(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(_plain, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
