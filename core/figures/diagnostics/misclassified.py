"""Worst mistakes: the rows that the network got wrong while it was surest."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.pictures import Pixels, Tile, tile_figure, to_rgb
from core.figures.diagnostics.words import class_name, safe, share, wrapped
from core.figures.style import BLUE, VERMILION, new_figure

SHOWN = {"image": 16, "text": 8}
HOW = (
    "Validation rows with a wrong answer, the surest first. Look for three things: labels that are wrong themselves, "
    "rows that you could not tell either, and rows that are easy for you. The first two say more about the data than "
    "about the network; the last show what it has not learned: add examples like them. For texts, point at a bar to "
    "read more; [?] is a word that the network does not know."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswer:
    """One row: its picture or its text, what it is, what the network said and how sure it was of both."""

    row: int
    truth: str
    predicted: str
    confidence: float
    truth_probability: float
    picture: Pixels | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongAnswers:
    """The mistakes that are shown, and how many there are in all."""

    answers: tuple[WrongAnswer, ...]
    mistakes: int
    rows: int


def compute(stored: Diagnostics) -> WrongAnswers | str:
    """Take the mistakes that have something to show."""
    wrong = int((stored.probabilities.argmax(axis=1) != stored.labels).sum())
    if not wrong:
        return f"there are none: all {len(stored.labels):,} validation rows are right"
    pictures = stored.arrays.get("mistake_images")
    answers = [
        WrongAnswer(
            row=mistake.row,
            truth=class_name(stored.class_names, mistake.truth, 14),
            predicted=class_name(stored.class_names, mistake.predicted, 14),
            confidence=mistake.confidence,
            truth_probability=mistake.truth_probability,
            picture=(
                None if mistake.picture is None or pictures is None else to_rgb(pictures[mistake.picture], stored.scale)
            ),
            text=mistake.text,
        )
        for mistake in stored.mistakes
    ]
    shown = [answer for answer in answers if answer.picture is not None or answer.text is not None]
    if not shown:
        return stored.notes.get("mistakes", "the rows themselves were not stored")
    return WrongAnswers(answers=tuple(shown[: SHOWN[stored.kind]]), mistakes=wrong, rows=len(stored.labels))


def draw(data: WrongAnswers) -> go.Figure:
    """Draw pictures as tiles, texts as bars with their first words."""
    if data.answers[0].picture is None:
        return _texts(data.answers)
    tiles = [
        Tile(
            pixels=answer.picture,
            lines=(f"is <b>{safe(answer.truth)}</b>", f"said {safe(answer.predicted)} · {share(answer.confidence, 0)}"),
            hover=f"validation row {answer.row}: {safe(answer.truth)}<br>said {safe(answer.predicted)} with "
            f"{share(answer.confidence)}, gave {safe(answer.truth)} {share(answer.truth_probability)}",
        )
        for answer in data.answers
        if answer.picture is not None
    ]
    return tile_figure(tiles, columns=4)


def _texts(answers: tuple[WrongAnswer, ...]) -> go.Figure:
    figure = new_figure("Probability", "")
    places = list(range(len(answers)))
    for name, values, colour, pattern, shift in (
        ("given to the wrong answer", [a.confidence for a in answers], VERMILION, "/", 0.0),
        ("given to the truth", [a.truth_probability for a in answers], BLUE, "", 0.2),
    ):
        figure.add_bar(
            x=values,
            y=[place + 0.15 + shift for place in places],
            width=0.18,
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[f"is {safe(a.truth)}, said {safe(a.predicted)}<br>{wrapped(a.text or '')}" for a in answers],
            hovertemplate="%{x:.1%}<br>%{customdata}<extra></extra>",
        )
    for place, answer in zip(places, answers, strict=True):
        figure.add_annotation(
            x=0,
            y=place + 0.04,
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            align="left",
            text=f"is <b>{safe(answer.truth)}</b>, said {safe(answer.predicted)}<br>{safe(answer.text or '', 44)}",
            font={"size": 11},
        )
    figure.update_layout(height=90 + 70 * len(answers), barmode="overlay")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(visible=False, range=[len(answers) - 0.4, -0.6])
    return figure


def finding(data: WrongAnswers) -> str:
    """Say how many there are and name the surest."""
    first = data.answers[0]
    return (
        f"{data.mistakes:,} of {data.rows:,} validation rows are wrong; the {len(data.answers)} surest are shown. The "
        f"surest said {first.predicted} with {share(first.confidence)} where the truth is {first.truth}."
    )


register(
    name="misclassified",
    label="Worst mistakes",
    group="Mistakes",
    order=6,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw=draw,
    finding=finding,
)
