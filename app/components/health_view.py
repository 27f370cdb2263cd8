"""The health of one trained network: each metric with its value, what was measured, and what to do about it."""

from __future__ import annotations

import streamlit as st

from app.components.diagnostics_files import Files, diagnostic_figure, files_of
from app.components.figure_block import chart
from app.components.formats import accuracy, plain, score
from app.components.trial_picker import nothing_kept, trial_picker
from core.artifacts import RunFolder
from core.config import ScoringWeights
from core.figures import health_gauge
from core.figures.diagnostics import DIAGNOSTICS
from core.health import METRICS, Metric
from core.health.result import MetricResult, Status
from core.health_advice import advice
from core.health_evidence import COUNTED, SHOWN_BY, evidence
from core.scoring import score as total_score
from core.service import RunService, RunView
from core.store import TrialRecord
from core.trial import Trace

_STATUSES: dict[Status, str] = {
    "short": "**Short.** The training was too short for the full definition",
    "partial": "**Partial.** One of its parts is missing",
    "no skill": "**No skill.** Counted as 0: the network is no better than guessing, and a network that knows "
    "nothing must not look healthy",
    "diverged": "**Diverged.** Counted as 0: the loss stopped being a finite number",
    "not measurable": "**Not measured.** No value is better than an invented one; the other metrics share its weight",
}


def health_view(service: RunService, view: RunView) -> None:
    """Draw a card per health metric of the trial that is looked into, or say why there are none."""
    st.subheader("Health", anchor=False)
    trial = trial_picker(view, "health_trial")
    if trial is None:
        waiting = "It appears here when the first trial has been completed."
        st.info(waiting if view.active else "This run has no completed trial. Resume it, or start another run.")
        return
    results = service.health(view.run.name, trial.number)
    if not results:
        st.info(_none_measured(trial))
        return
    files = files_of(RunFolder(service.settings, view.run.name), trial.number)
    trace = files.trace
    weights = view.run.config.effective_weights
    used = total_score(trial.accuracy or 0.0, results, weights).used
    _summary(trial, weights)
    if trace is None:
        st.caption("The record of the training is gone, so there are no figures and the advice is general.")
    known = [name for name in results if name in METRICS]
    for place in range(0, len(known), 2):
        for column, name in zip(st.columns(2), known[place : place + 2], strict=False):
            with column:
                _card(METRICS[name], results[name], used.get(name), files, trace)


def _none_measured(trial: TrialRecord) -> str:
    if trial.state == "completed":
        return f"No health was measured for trial {trial.number}. Choose another trial."
    return nothing_kept(trial)


def _summary(trial: TrialRecord, weights: ScoringWeights) -> None:
    with st.container(horizontal=True, key="health_numbers"):
        st.metric("Health", score(trial.health), help="The weighted mean of the six metrics below, from 0 to 1.")
        st.metric("Accuracy", accuracy(trial.accuracy), help="On the validation rows.")
        st.metric("Total score", score(trial.total_score), help="Accuracy and health, each with its weight.")
    if weights.health == 0:
        st.caption("This run searches for accuracy only: health is measured but has no weight in the score.")
    else:
        st.caption(
            f"Health makes up {weights.health:.0%} of the score of this run, accuracy {weights.accuracy:.0%}. ".replace(
                "%", " %"
            )
            + "Each metric runs from 0 to 1, higher is healthier. Below 0.5 is called low, from 0.8 high."
        )


def _card(metric: Metric, result: MetricResult, weight: float | None, files: Files, trace: Trace | None) -> None:
    with st.container(border=True, key=f"health_{metric.name}"):
        st.markdown(f"#### {metric.label}")
        _value(metric, result, weight)
        st.markdown(metric.meaning)
        _status(result)
        st.markdown("**What to do**\n" + "".join(f"\n- {plain(line)}" for line in advice(metric.name, result, trace)))
        with st.expander("What was measured on this network", key=f"health_measured_{metric.name}"):
            _measured(metric, result, files)


def _value(metric: Metric, result: MetricResult, weight: float | None) -> None:
    counted = f"n = {result.n:,} {COUNTED.get(metric.name, 'measurements')}"
    share = "" if weight is None else f" · {weight:.1%} of the score".replace("%", " %")
    if result.value is None:
        st.markdown(f"**Not measured** · {counted}{share}")
        return
    band = health_gauge.band(result.value)
    st.markdown(f"**{result.value:.3f}** · {band} · {counted}{share}")
    alt = f"{metric.label}: {result.value:.3f} on a scale from 0 to 1, {band}"
    chart(health_gauge.draw(result.value), key=f"health_gauge_{metric.name}", alt=alt)


def _status(result: MetricResult) -> None:
    if result.status != "ok":
        st.warning(f"{_STATUSES[result.status]}: {plain(result.reason or 'no reason was given')}.")


def _measured(metric: Metric, result: MetricResult, files: Files) -> None:
    st.markdown(f"**How it is computed.** {metric.method}")
    name = SHOWN_BY.get(metric.name)
    drawn = diagnostic_figure(name, 0, files.stamp) if name is not None and files.result is not None else None
    if name is not None and drawn is not None:
        label = DIAGNOSTICS[name].label
        st.markdown(f"**{label}.** {plain(drawn.finding)}")
        chart(drawn.figure, key=f"health_chart_{metric.name}", alt=f"{label}. {drawn.finding}")
    rows = [{"what": part.what, "value": part.value} for part in evidence(metric.name, result)]
    if rows:
        st.table(rows, hide_index=True, hide_header=True, border="horizontal")
    cost = (
        ""
        if result.cost_s is None or result.cost_s < 0.05
        else f" Measuring it took {result.cost_s:.1f} s of the training."
    )
    st.caption(f"Version {result.version} of this metric.{cost}")
