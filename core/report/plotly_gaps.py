"""Room between panels and between notes, which a sheet of paper has less of than a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.report.plotly_notes import LETTERS, Paper
from core.report.plotly_text import lines_of, size_of

_BETWEEN = 33.0  # points between rows of panels: ticks, the title of an axis, and the title of the next panel
_OUTSIDE = 62.0  # points above and below all panels


def with_gaps(layout: Mapping[str, Any], height: float) -> Mapping[str, Any]:
    """Return a layout whose rows of panels are far enough apart for their titles; `height` in points."""
    names = [name for name in layout if name.startswith("yaxis") and layout[name].get("domain")]
    rows = sorted({tuple(layout[name]["domain"]) for name in names})
    if len(rows) < 2:
        return layout
    gap = _BETWEEN / max(height - _OUTSIDE, 1.0)
    one = (1 - gap * (len(rows) - 1)) / len(rows)
    if one <= 0 or rows[1][0] - rows[0][1] >= gap:
        return layout
    moved = {row: (place * (one + gap), place * (one + gap) + one) for place, row in enumerate(rows)}
    tops = {round(row[1], 6): ends[1] for row, ends in moved.items()}
    changed = {name: {**layout[name], "domain": moved[tuple(layout[name]["domain"])]} for name in names}
    notes = [
        {**note, "y": tops[round(float(note["y"]), 6)]}
        if note.get("yref") == "paper" and round(float(note["y"]), 6) in tops
        else note
        for note in layout.get("annotations") or ()
    ]
    return {**layout, **changed, "annotations": notes}


def apart(notes: Sequence[Mapping[str, Any]], paper: Paper) -> list[Mapping[str, Any]]:
    """Return notes of which two beside each other at the top do not overlap: the left one begins further left."""
    found = list(notes)
    top = [one for one in found if one.get("yref") == "paper" and float(one.get("y") or 0) >= 0.99]
    left = next((one for one in top if one.get("xanchor") == "left"), None)
    right = next((one for one in top if one.get("xanchor") == "right"), None)
    if left is None or right is None:
        return found
    wide = sum(
        size_of(lines_of(one["text"]), LETTERS * float(one.get("font", {}).get("size") or 12))[0]
        for one in (left, right)
    )
    if wide + 8 > paper.width:
        found[found.index(left)] = {**left, "xref": "paper", "x": (2 - paper.left) / paper.width}
    return found
