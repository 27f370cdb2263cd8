"""Diagnostics to take away: one figure as an HTML page, or all of a trial with the raw data in one ZIP."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io as pio
from plotly.offline import get_plotlyjs

from core.diagnostics import Diagnostics
from core.figures.diagnostics import GROUPS, Diagnostic, in_group, network_kind
from core.trial import TrialResult

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 900px; margin: 0 auto; padding: 1rem; color: #1f2430;
  background: #fff; }
section { border-top: 1px solid #d5d9e0; padding: 1rem 0; }
nav ul { columns: 2; padding-left: 1.2rem; }
figure { margin: 0; }
.finding { font-weight: 600; }
.missing { color: #5a6070; }
@media (max-width: 600px) { nav ul { columns: 1; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One diagnostic of one trial: its figures with name and text ("" when there is none), or why none."""

    diagnostic: Diagnostic
    finding: str
    figures: tuple[tuple[str, str, go.Figure], ...]
    missing: str | None = None


def sections(result: TrialResult, stored: Diagnostics | None) -> Iterator[Section]:
    """Compute and draw all diagnostics that suit the network, in the order of the page."""
    kind = network_kind(result, stored)
    for group in GROUPS:
        for diagnostic in in_group(group, kind):
            yield section(diagnostic, result, stored)


def section(diagnostic: Diagnostic, result: TrialResult, stored: Diagnostics | None) -> Section:
    """Compute and draw one diagnostic with all its variants."""
    data = diagnostic.compute(result, stored)
    if isinstance(data, str):
        return Section(diagnostic=diagnostic, finding="", figures=(), missing=data)
    figures = tuple(
        (name, diagnostic.text(data, place), diagnostic.draw(data, place))
        for place, name in enumerate(diagnostic.variants(data))
    )
    return Section(diagnostic=diagnostic, finding=diagnostic.finding(data), figures=figures)


def page(title: str, parts: Iterable[Section]) -> bytes:
    """Return an HTML page that needs nothing else: Plotly is in it once, whatever the number of figures."""
    bodies, links = [], []
    for part in parts:
        name, label = slug(part.diagnostic.name), html.escape(part.diagnostic.label)
        links.append(f'<li><a href="#{name}">{label}</a></li>')
        bodies.append(f'<section id="{name}"><h2>{label}</h2>{_body(part)}</section>')
    contents = f"<nav><ul>{''.join(links)}</ul></nav>" if len(links) > 1 else ""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<script>{get_plotlyjs()}</script></head>"
    )
    return f"{head}<body><h1>{html.escape(title)}</h1>{contents}{''.join(bodies)}</body></html>".encode()


def bundle(title: str, parts: Iterable[Section], files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP with `index.html` and the raw `files` by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", page(title, parts))
        for name, content in files.items():
            archive.writestr(f"data/{file_name(name)}", content)
    return buffer.getvalue()


def slug(text: str) -> str:
    """Return `text` as a name that is safe in a file system and an address.

    >>> slug("../My run: 3")
    'my_run_3'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"


def file_name(name: str) -> str:
    """Return a file's name without folders or signs that mean something to a file system.

    >>> file_name("../../diagnostics.json")
    'diagnostics.json'
    """
    stem, dot, ending = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return f"{slug(stem)}.{slug(ending)}" if dot else slug(ending)


def _body(part: Section) -> str:
    how = f"<p><strong>How to read this.</strong> {html.escape(part.diagnostic.how_to_read)}</p>"
    if part.missing is not None:
        return f'<p class="missing">Not shown: {html.escape(part.missing)}.</p>{how}'
    figures = []
    for place, (name, text, figure) in enumerate(part.figures):
        caption = f"<figcaption><h3>{html.escape(name)}</h3></figcaption>" if name else ""
        quote = html.escape(text).replace("«", "<b>").replace("»", "</b>")
        told = f"<blockquote>{quote}</blockquote>" if text else ""
        drawn = pio.to_html(
            go.Figure(figure).update_layout(template="plotly_white"),
            include_plotlyjs=False,
            full_html=False,
            div_id=f"{slug(part.diagnostic.name)}_{place}",
            config={"displaylogo": False, "responsive": True},
        )
        figures.append(f"<figure>{caption}{told}{drawn}</figure>")
    return f'<p class="finding">{html.escape(part.finding)}</p>{"".join(figures)}{how}'
