"""The report of a single run: what was searched, the best network, its health, how the search went, every trial."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from core.code_version import code_version
from core.config import Settings
from core.report.blocks import any_order, cell, figure, heading, room_for, stored, table, text
from core.report.document import Facts, build
from core.report.flowables import Text
from core.report.run_source import RunSource
from core.report.style import Paper, Sheet, plain, styles
from core.store import Store

_HEALTH_HOW = (
    "Each component is a number from 0 (worst) to 1. The health score is their average by weight; what could not be "
    "measured is left out of it."
)
_TRIALS_HOW = "★: the best trial. Accuracies in %. The holdout stays closed: only a study opens it."


def run_report(settings: Settings, store: Store, name: str, paper: Paper = "A4") -> bytes:
    """Return the report of a run as a PDF. Raises LabError when it has no trial."""
    source, sheet = RunSource.read(settings, store, name), Sheet(paper)
    story: list[Any] = [
        Text(plain(source.title), styles()["title"], "Title"),
        stored(source.verdict(), "subtitle"),
        heading("What was searched"),
        table(source.searched(), sheet.width, "What was searched", widths=(1, 4.4)),
    ]
    if source.best is not None:
        story += [
            heading("The best network"),
            table(source.best_rows(), sheet.width, "The best network", widths=(1, 2.4)),
        ]
        story += [room_for(120), heading("Its health", "H2")]
        story += [table(source.health_rows(), sheet.width, "Health components"), text(_HEALTH_HOW, "small")]
    story += [room_for(250), heading("How the search went")]
    blocks = [
        figure(drawn, sheet.width, title, how, f"{title}. {source.verdict()}", 175)
        for title, how, drawn in source.figures().values()
    ]
    story += any_order(blocks, sheet.width)
    story += [room_for(110), heading("All trials"), text(_TRIALS_HOW, "small")]
    story.append(table(source.trial_rows(), sheet.width, "All trials", tiny=True))
    return build(story, sheet, _facts(source))


def run_page(settings: Settings, store: Store, name: str) -> str:
    """Return the same report as one page of HTML that needs no network. Raises LabError when it has no trial."""
    source = RunSource.read(settings, store, name)
    parts = [f"<h1>{html.escape(source.title)}</h1><p><strong>{html.escape(source.verdict())}</strong></p>"]
    parts.append(_section("What was searched", source.searched()))
    if source.best is not None:
        parts.append(_section("The best network", source.best_rows()))
        parts.append(_section("Its health", source.health_rows(), _HEALTH_HOW))
    for place, (title, how, drawn) in enumerate(source.figures().values()):
        figure_html = drawn.to_html(full_html=False, include_plotlyjs=place == 0)
        parts.append(f"<h2>{html.escape(title)}</h2>{figure_html}<p>{html.escape(how)}</p>")
    parts.append(_section("All trials", source.trial_rows(), _TRIALS_HOW))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(source.title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font-family:sans-serif;max-width:64rem;margin:auto;padding:1rem;line-height:1.4}"
        "table{border-collapse:collapse;width:100%;font-size:.85rem}"
        "th,td{text-align:left;vertical-align:top;border-bottom:1px solid #c9cdd4;padding:.25rem .5rem}"
        f"th{{background:#eff2f6}}</style>{''.join(parts)}</html>"
    )


def _section(title: str, rows: Sequence[Mapping[str, Any]], how: str = "") -> str:
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in rows[0]) if rows else ""
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell(value))}</td>' for value in row.values())}</tr>" for row in rows
    )
    note = f"<p><small>{html.escape(how)}</small></p>" if how else ""
    return f"<h2>{html.escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _facts(source: RunSource) -> Facts:
    return Facts(
        title=source.title,
        subject=f"Search of networks for {source.dataset_label}",
        keywords=("model health", "hyperparameter search", source.run.config.dataset_name, source.run.name),
        running=f"Run {source.run.name} · {source.dataset_label}",
        version=code_version(),
    )
