"""Words over many texts: which words speak for a class wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from core.diagnostics import Diagnostics
from core.figures.diagnostics import register
from core.figures.diagnostics.words import class_name, safe
from core.figures.style import BLUE, VERMILION, new_figure

SHOWN = 20
HOW = (
    "For texts that the network gave this class: the mean fall of its probability when the word is hidden. Words with "
    "bars to the right speak for the class, hatched bars to the left against it. The number behind a word is how many "
    "texts it was tried in: a mean over two or three texts is a hint, not a fact. Words that have nothing to do with "
    "the class point to a shortcut in the data."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A word, the mean drop, and in how many texts it was tried."""

    word: str
    drop: float
    texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWords:
    """The strongest words of a class, from the most supporting to the most opposing."""

    name: str
    effects: tuple[Effect, ...]


def compute(stored: Diagnostics) -> tuple[ClassWords, ...] | str:
    """Group the effects by the predicted class."""
    if not stored.word_effects:
        return stored.notes.get("word_effects", "no word occurs in enough of the texts to be tried")
    classes = []
    for number in sorted({effect.predicted for effect in stored.word_effects}):
        found = [effect for effect in stored.word_effects if effect.predicted == number]
        strongest = sorted(found, key=lambda effect: -abs(effect.drop))[:SHOWN]
        classes.append(
            ClassWords(
                name=class_name(stored.class_names, number),
                effects=tuple(
                    Effect(word=effect.word, drop=effect.drop, texts=effect.texts)
                    for effect in sorted(strongest, key=lambda effect: -effect.drop)
                ),
            )
        )
    return tuple(classes)


def variants(data: tuple[ClassWords, ...]) -> tuple[str, ...]:
    """Name the classes."""
    return tuple(f"Answer {words.name}" for words in data)


def draw(data: tuple[ClassWords, ...], variant: int = 0) -> go.Figure:
    """Draw the words of one class."""
    words = data[variant]
    figure = new_figure(f"Mean fall of the probability of “{safe(words.name)}”", "")
    for name, sign, colour, pattern in (("for it", 1, BLUE, ""), ("against it", -1, VERMILION, "/")):
        chosen = [(place, each) for place, each in enumerate(words.effects) if (each.drop >= 0) == (sign > 0)]
        figure.add_bar(
            x=[each.drop for _, each in chosen],
            y=[place for place, _ in chosen],
            name=name,
            orientation="h",
            marker={"color": colour, "pattern": {"shape": pattern}},
            customdata=[each.texts for _, each in chosen],
            hovertemplate="%{x:.3f}, mean over %{customdata} texts<extra></extra>",
        )
    figure.update_layout(height=90 + 24 * len(words.effects), bargap=0.25)
    figure.update_xaxes(nticks=5)
    figure.update_yaxes(
        tickvals=list(range(len(words.effects))),
        ticktext=[f"{safe(each.word, 18)} ({each.texts})" for each in words.effects],
        range=[len(words.effects) - 0.4, -0.6],
    )
    return figure


def finding(data: tuple[ClassWords, ...]) -> str:
    """Name the strongest word of each class."""
    named = [
        f"{words.name}: “{words.effects[0].word}” ({words.effects[0].drop:+.3f}, n {words.effects[0].texts})"
        for words in data[:4]
    ]
    return f"Strongest word for each answer: {'; '.join(named)}."


register(
    name="word_effects",
    label="Influential words by class",
    group="Mistakes",
    order=8,
    how_to_read=HOW,
    needs="stored",
    measure=compute,
    draw_variant=draw,
    variants=variants,
    finding=finding,
    kinds=frozenset({"text"}),
)
