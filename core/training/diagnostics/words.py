"""Which words move a prediction: leave one out and see what happens to the probability of the predicted class."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.text import START, UNKNOWN
from core.diagnostics import Influence, WordEffect
from core.training.diagnostics.subject import Subject, sample_rows, take_evenly
from core.training.predictor import predict

TEXTS = 6
EFFECT_TEXTS = 64
WORDS_PER_TEXT = 150  # longer texts are hard to read, and each of their words costs a prediction
EFFECTS_PER_CLASS = 20
_PREDICTIONS = 2048  # most predictions that the effects may cost
_RARE = 3  # a word in fewer texts than this says little


def word_influences(subject: Subject) -> tuple[Influence, ...]:
    """Hide every word of some texts, one at a time; half of the texts were classified wrongly if there are so many."""
    texts = np.asarray(subject.x)
    return tuple(_influence(subject, int(row)) for row in sample_rows(subject, TEXTS, _short(texts).tolist()))


def _short(texts: NDArray[Any]) -> NDArray[np.int64]:
    """Rows short enough to be shown whole; the shortest of all where there are too few."""
    lengths = np.count_nonzero(texts, axis=1)
    fitting = np.flatnonzero((lengths <= WORDS_PER_TEXT) & (lengths > 1))
    return fitting if len(fitting) >= TEXTS else np.sort(np.argsort(lengths, kind="stable")[:EFFECT_TEXTS])


def _influence(subject: Subject, row: int) -> Influence:
    assert subject.words is not None
    tokens, predicted = subject.x[row], int(subject.predicted[row])
    places = np.flatnonzero(tokens > START)[:WORDS_PER_TEXT]
    hidden = np.repeat(tokens[None], len(places), axis=0)
    hidden[np.arange(len(places)), places] = UNKNOWN
    confidence = subject.probabilities[row, predicted]
    drops = confidence - predict(subject.model, hidden)[:, predicted] if len(places) else np.zeros(0)
    return Influence(
        row=row,
        truth=int(subject.labels[row]),
        predicted=predicted,
        confidence=float(confidence),
        words=tuple(subject.words.words.get(int(token), "[?]") for token in tokens[places]),
        drops=tuple(float(drop) for drop in drops),
    )


def word_effects(subject: Subject) -> tuple[WordEffect, ...]:
    """Hide each word of up to 64 texts wherever it stands in a text; the mean drop by predicted class and word.

    Only words of at least three and at most half of these texts are tried.
    """
    assert subject.words is not None
    texts, predicted = np.asarray(subject.x), subject.predicted
    fitting = _short(texts)
    rows = take_evenly(fitting, predicted[fitting], EFFECT_TEXTS)
    found: dict[tuple[int, int], list[float]] = defaultdict(list)
    pairs = _pairs(texts, rows)
    if not pairs:
        return ()
    hidden = np.stack([np.where(texts[row] == token, UNKNOWN, texts[row]) for row, token in pairs])
    for (row, token), after in zip(pairs, predict(subject.model, hidden), strict=True):
        name = int(predicted[row])
        found[name, token].append(float(subject.probabilities[row, name] - after[name]))
    effects = [
        WordEffect(
            predicted=name, word=subject.words.words.get(token, "[?]"), drop=float(np.mean(drops)), texts=len(drops)
        )
        for (name, token), drops in found.items()
        if len(drops) >= 2
    ]
    effects.sort(key=lambda effect: -abs(effect.drop))
    kept: Counter[int] = Counter()
    return tuple(effect for effect in effects if _count(kept, effect.predicted) <= EFFECTS_PER_CLASS)


def _pairs(texts: NDArray[Any], rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(row, token) of every word worth hiding, as many as may be tried."""
    words = {int(row): [int(token) for token in np.unique(texts[row]) if token > UNKNOWN] for row in rows}
    texts_with = Counter(token for tokens in words.values() for token in tokens)
    common = len(rows) / 2
    pairs = [(row, t) for row, tokens in words.items() for t in tokens if _RARE <= texts_with[t] <= common]
    return pairs[:_PREDICTIONS]


def _count(kept: Counter[int], name: int) -> int:
    kept[name] += 1
    return kept[name]
