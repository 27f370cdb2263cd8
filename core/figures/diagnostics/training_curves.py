"""Training curves: loss and accuracy by epoch, on the rows trained on and on rows never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.diagnostics import register
from core.figures.diagnostics.words import points
from core.figures.style import BLUE, GREY, ORANGE, new_figure
from core.trial import Trace

Values = tuple[float | None, ...]
HOW = (
    "Solid lines are the training rows, dashed lines the validation rows, which the network never learns from. Good: "
    "both losses fall and end close together. A validation loss that rises while the training loss falls is "
    "overfitting: use more dropout or a smaller network. Both losses still falling at the end: train longer. The "
    "grey line marks the epoch whose weights were kept, the one with the lowest validation loss."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCurves:
    """Values by epoch; None where one was not a finite number. `kept`: epoch whose weights were kept."""

    epochs: tuple[int, ...]
    loss: Values
    val_loss: Values
    accuracy: Values
    val_accuracy: Values
    kept: int | None
    chance_loss: float
    val_n: int

    @property
    def gap(self) -> float | None:
        """Training minus validation accuracy at the last epoch."""
        train, validation = self.accuracy[-1], self.val_accuracy[-1]
        return None if train is None or validation is None else train - validation


def compute(trace: Trace) -> TrainingCurves | str:
    """Return the curves of a training."""
    if not trace.epochs:
        return "no epoch was completed"
    losses = [(epoch.val_loss, epoch.epoch) for epoch in trace.epochs if epoch.val_loss is not None]
    return TrainingCurves(
        epochs=tuple(epoch.epoch for epoch in trace.epochs),
        loss=tuple(epoch.loss for epoch in trace.epochs),
        val_loss=tuple(epoch.val_loss for epoch in trace.epochs),
        accuracy=tuple(epoch.accuracy for epoch in trace.epochs),
        val_accuracy=tuple(epoch.val_accuracy for epoch in trace.epochs),
        kept=min(losses)[1] if losses else None,
        chance_loss=trace.chance_loss,
        val_n=trace.val_n,
    )


def draw(data: TrainingCurves) -> go.Figure:
    """Draw the losses above the accuracies."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06, figure=new_figure("", ""))
    panels = (("loss", data.loss, data.val_loss), ("accuracy", data.accuracy, data.val_accuracy))
    for row, (what, train, validation) in enumerate(panels, start=1):
        shape = "%{y:.1%}" if what == "accuracy" else "%{y:.3f}"
        for name, values, dash, symbol, colour in (
            ("training", train, "solid", "circle", BLUE),
            ("validation", validation, "dash", "diamond", ORANGE),
        ):
            figure.add_scatter(
                x=data.epochs,
                y=values,
                row=row,
                col=1,
                name=name,
                legendgroup=name,
                showlegend=row == 1,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                marker={"symbol": symbol, "size": 7},
                hovertemplate=f"{name} {what} {shape}, epoch %{{x}}<extra></extra>",
            )
    if data.kept is not None:
        figure.add_vline(x=data.kept, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.update_layout(height=440)
    figure.update_xaxes(title="", tickformat="d", dtick=1 if data.epochs[-1] <= 12 else None)
    figure.update_xaxes(title="Epoch", row=2, col=1)
    figure.update_yaxes(title="Loss (nats)", row=1, col=1)
    figure.update_yaxes(title="Accuracy", tickformat=".0%", row=2, col=1)
    return figure


def finding(data: TrainingCurves) -> str:
    """Say where the training ended."""
    text = "1 epoch" if len(data.epochs) == 1 else f"{len(data.epochs)} epochs"
    if data.kept is not None:
        loss = data.val_loss[data.epochs.index(data.kept)]
        text += f"; lowest validation loss {loss:.3f} in epoch {data.kept} (guessing: {data.chance_loss:.3f})"
    if data.gap is not None:
        text += f"; at the end training accuracy is {points(data.gap)} "
        text += (
            "above validation"
            if data.gap >= 0
            else "below validation (it is a mean over the epoch, with any dropout at work)"
        )
    return f"{text}; {data.val_n:,} validation rows."


register(
    name="training_curves",
    label="Training curves",
    group="Training",
    order=1,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
