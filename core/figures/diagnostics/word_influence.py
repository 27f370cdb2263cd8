"""Influential words of a text: how the answer changes when a word is hidden."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import class_name, safe, share, wrapped
from core.figures.style import BLUE, VERMILION, new_figure

SHOWN = 16
UNKNOWN = "[?]"  # a word that the network does not know
AROUND = 4  # words of context on each side
HOW = (
    "Each bar is a word of one text, in the order of reading: how much the probability of the answer falls when that "
    "word is hidden. Bars to the right speak for the answer, hatched bars to the left against it. Good: words that you "
    "would name yourself. Filler words or names on top mean that the network has learned a shortcut of the data. Point "
    "at a bar to see the words around it. If all bars are short, no single word decides."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordDrop:
    """A word at its place in the text (from 0) and what hiding it costs."""

    place: int
    word: str
    drop: float
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInfluence:
    """One text with its most influential words, in the order of reading."""

    row: int
    truth: str
    predicted: str
    confidence: float
    words: tuple[str, ...]
    top: tuple[WordDrop, ...]

    @property
    def right(self) -> bool:
        return self.truth == self.predicted

    @property
    def marked(self) -> str:
        """The text with its most influential words in «marks»."""
        places = {drop.place for drop in self.top[:SHOWN]}
        return " ".join(f"«{word}»" if place in places else word for place, word in enumerate(self.words))


def compute(stored: Diagnostics) -> tuple[TextInfluence, ...] | str:
    """Return each text with its most influential words; unknown words cannot be hidden and are left out."""
    if not stored.influences:
        return stored.notes.get("influences", "no text was measured")
    texts = []
    for influence in stored.influences:
        known = [place for place, word in enumerate(influence.words) if word != UNKNOWN]
        strongest = sorted(known, key=lambda place: -abs(influence.drops[place]))[:SHOWN]
        texts.append(
            TextInfluence(
                row=influence.row,
                truth=class_name(stored.class_names, influence.truth),
                predicted=class_name(stored.class_names, influence.predicted),
                confidence=influence.confidence,
                words=influence.words,
                top=tuple(
                    WordDrop(
                        place=place,
                        word=influence.words[place],
                        drop=influence.drops[place],
                        context=" ".join(influence.words[max(0, place - AROUND) : place + AROUND + 1]),
                    )
                    for place in sorted(strongest)
                ),
            )
        )
    return tuple(texts)


def variants(data: tuple[TextInfluence, ...]) -> tuple[str, ...]:
    """Name the texts."""
    return tuple(
        f"Text {number}: {'right' if text.right else 'wrong'}, said {text.predicted} ({share(text.confidence, 0)})"
        for number, text in enumerate(data, start=1)
    )


def draw(data: tuple[TextInfluence, ...], variant: int = 0) -> go.Figure:
    """Draw the words of one text, the first on top."""
    chosen = data[variant]
    said = safe(chosen.predicted)
    figure = new_figure("Fall of the probability when hidden", "")
    for name, drops, colour, pattern in (
        (f"for “{said}”", [drop for drop in chosen.top if drop.drop >= 0], BLUE, ""),
        (f"against “{said}”", [drop for drop in chosen.top if drop.drop < 0], VERMILION, "/"),
    ):
        figure.add_bar(
            x=[drop.drop for drop in drops],
            y=[chosen.top.index(drop) for drop in drops],
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[f"word {drop.place + 1}: … {wrapped(drop.context)} …" for drop in drops],
            hovertemplate="%{x:.3f}<br>%{customdata}<extra></extra>",
        )
    figure.update_layout(height=90 + 24 * len(chosen.top), bargap=0.25)
    figure.update_xaxes(nticks=5)
    figure.update_yaxes(
        tickvals=list(range(len(chosen.top))),
        ticktext=[safe(drop.word, 20) for drop in chosen.top],
        range=[len(chosen.top) - 0.4, -0.6],
    )
    return figure


def text(data: tuple[TextInfluence, ...], variant: int = 0) -> str:
    """Return the text with its most influential words marked."""
    return data[variant].marked


def finding(data: tuple[TextInfluence, ...]) -> str:
    """Say how many texts there are and how strong the strongest word is."""
    drops = [(abs(drop.drop), drop.word) for text in data for drop in text.top]
    strongest = max(drops, default=(0.0, "–"))
    return (
        f"{len(data)} texts, their words hidden one at a time. The strongest word of all is “{strongest[1]}”: hiding "
        f"it moves the probability by {strongest[0]:.3f}."
    )


register(
    name="word_influence",
    label="Influential words of a text",
    group="Mistakes",
    order=7,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw_variant=draw,
    variants=variants,
    text=text,
    finding=finding,
    kinds=frozenset({"text"}),
)
