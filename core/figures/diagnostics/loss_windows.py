"""Loss within epochs: the mean training loss of each quarter of an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import plotly.graph_objects as go

from core.figures.diagnostics import register
from core.figures.style import BLUE, GREY, new_figure
from core.trial import Trace

HOW = (
    "Each point is the mean training loss over a part of an epoch; the first is the loss before any training. Good: "
    "one smooth slide downwards. Zigzags mean that the steps are too long: lower the learning rate or use "
    "larger batches. Zigzags that appear late ask for a schedule that lowers the rate, such as cosine. The dotted line "
    "is the loss of guessing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWindows:
    """Losses in the order of training; `epochs` says how many epochs had passed at the end of each window."""

    epochs: tuple[float, ...]
    losses: tuple[float | None, ...]
    chance_loss: float

    @property
    def broken(self) -> int:
        """Number of windows without a finite loss."""
        return sum(loss is None for loss in self.losses)

    @property
    def rises(self) -> int:
        """Number of windows that ended higher than the one before."""
        known = [loss for loss in self.losses if loss is not None]
        return sum(after > before for before, after in pairwise(known))


def compute(trace: Trace) -> LossWindows | str:
    """Return the loss before training, then one per window."""
    if not trace.window_losses:
        return "no training loss was recorded"
    per_epoch = max(trace.windows_per_epoch, 1)
    ends = (0.0, *((number + 1) / per_epoch for number in range(len(trace.window_losses))))
    return LossWindows(epochs=ends, losses=(trace.initial_loss, *trace.window_losses), chance_loss=trace.chance_loss)


def draw(data: LossWindows) -> go.Figure:
    """Draw the losses as one line; a gap is a loss that was not a number."""
    figure = new_figure("Epochs passed", "Training loss (nats)")
    figure.add_scatter(
        x=data.epochs,
        y=data.losses,
        name="training loss",
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 6},
        hovertemplate="loss %{y:.3f} after %{x:.2f} epochs<extra></extra>",
        connectgaps=False,
    )
    figure.add_hline(
        y=data.chance_loss,
        line={"color": GREY, "dash": "dot", "width": 1.5},
        annotation={"text": "guessing", "font": {"color": GREY}},
        annotation_position="top right",
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(rangemode="tozero")
    return figure


def finding(data: LossWindows) -> str:
    """Say how often the loss rose."""
    windows = len(data.losses) - 1
    text = f"The loss rose in {data.rises} of {windows} windows"
    if data.broken:
        text += f"; in {data.broken} it was not a finite number"
    known = [loss for loss in data.losses if loss is not None]
    return text + (f"; it went from {known[0]:.3f} to {known[-1]:.3f}." if known else ".")


register(
    name="loss_windows",
    label="Loss within epochs",
    group="Training",
    order=2,
    how_to_read=HOW,
    needs="trace",
    measure=compute,
    draw=draw,
    finding=finding,
)
