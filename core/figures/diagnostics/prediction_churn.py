"""Prediction churn: how much the answers changed from one epoch to the next."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.style import BLUE, GREY, new_figure
from core.health.accuracy_consistency import LAST_PAIRS
from core.trial import Trace

HOW = (
    "The agreement (Cohen's kappa) between the answers on the validation rows after an epoch and after the one before: "
    "1 means the same answers, 0 as much agreement as chance gives. Good: it climbs towards 1 and stays there. Dips "
    "late in the training mean that rows keep changing sides though the accuracy may look steady: lower the learning "
    "rate towards the end. The shaded part is what the health score looks at."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionChurn:
    """Kappa with the epoch before, from epoch 2; None where it could not be computed."""

    epochs: tuple[int, ...]
    kappas: tuple[float | None, ...]
    val_n: int


def compute(trace: Trace) -> PredictionChurn | str:
    """Return the agreement of each epoch with the one before."""
    later = trace.epochs[1:]
    if not any(epoch.churn_kappa is not None for epoch in later):
        return "it takes two epochs to compare their answers"
    return PredictionChurn(
        epochs=tuple(epoch.epoch for epoch in later),
        kappas=tuple(epoch.churn_kappa for epoch in later),
        val_n=trace.val_n,
    )


def draw(data: PredictionChurn) -> go.Figure:
    """Draw the agreement by epoch, with the last pairs shaded."""
    figure = new_figure("Epoch", "Agreement with the epoch before")
    first = data.epochs[-min(LAST_PAIRS, len(data.epochs))]
    figure.add_vrect(x0=first - 0.3, x1=data.epochs[-1] + 0.3, fillcolor=GREY, opacity=0.16, line_width=0)
    figure.add_scatter(
        x=data.epochs,
        y=data.kappas,
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 8},
        hovertemplate="kappa %{y:.3f} between epoch %{x} and the one before<extra></extra>",
    )
    known = [kappa for kappa in data.kappas if kappa is not None]
    figure.update_yaxes(range=[min(0.0, *known) - 0.02, 1.03])
    figure.update_xaxes(tickformat="d", dtick=1 if data.epochs[-1] <= 12 else None)
    return figure


def finding(data: PredictionChurn) -> str:
    """Say how steady the last epochs were."""
    last = [kappa for kappa in data.kappas[-LAST_PAIRS:] if kappa is not None]
    mean = f"{sum(last) / len(last):.3f}" if last else "not known"
    pairs = "pair" if len(last) == 1 else f"{len(last)} pairs"
    return f"Mean agreement over the last {pairs} of epochs: {mean}; {data.val_n:,} validation rows."


register(
    name="prediction_churn",
    label="Prediction churn",
    group="Training",
    order=5,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
