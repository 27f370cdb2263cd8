"""Text in figures: names and words come from people's data, and Plotly would read tags in them."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence


def safe(text: str, longest: int = 60) -> str:
    """Return `text` so that Plotly shows it as it is, cut to `longest` characters.

    >>> safe("<b>cat & dog</b>", 12)
    '&lt;b&gt;cat &amp; do…'
    """
    return html.escape(shortened(text, longest), quote=False)


def shortened(text: str, longest: int) -> str:
    """Cut `text` to `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def variable_name(name: str) -> str:
    """Shorten what Keras calls the variables of a bidirectional layer.

    >>> variable_name("lstm_1/forward_lstm_1_cell/kernel")
    'lstm_1 forward/kernel'
    """
    return re.sub(r"/(forward|backward)_[^/]*", r" \1", name)


def points(difference: float) -> str:
    """Write the size of a difference of shares.

    >>> points(-0.028)
    '2.8 percentage points'
    """
    return f"{abs(difference) * 100:.1f} percentage points"


def wrapped(text: str, width: int = 60, longest: int = 360) -> str:
    """Break a long text for a hover label.

    >>> wrapped("one two three", width=8)
    'one two<br>three'
    """
    lines = [""]
    for word in (text if len(text) <= longest else text[: longest - 1] + "…").split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def share(value: float, digits: int = 1) -> str:
    """Write a share in percent.

    >>> share(0.975)
    '97.5 %'
    """
    return f"{value:.{digits}%}".replace("%", " %")


def class_name(names: Sequence[str], number: int, longest: int = 18) -> str:
    """Return the name of a class, cut to fit; a number that has no name stays a number. Drawing makes it `safe`."""
    return shortened(names[number] if 0 <= number < len(names) else str(number), longest)
