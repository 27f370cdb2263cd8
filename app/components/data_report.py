"""What was found in data that a person brought, for reading: errors first, then facts, classes and examples."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.components.data_balance import balance
from app.components.formats import plain
from core.config import Settings
from core.datasets.custom import read_record, record_path
from core.errors import LabError
from core.importing.report import ImportReport
from core.records import from_dict


def report_view(report: ImportReport, *, key: str) -> None:
    """Draw a report."""
    if report.errors:
        st.error("**This data cannot be used yet.**\n" + "\n".join(f"- {plain(error)}" for error in report.errors))
    st.markdown("\n".join(f"- {fact}" for fact in facts(report)))
    if report.remarks:
        st.info("**Worth knowing**\n" + "\n".join(f"- {plain(remark)}" for remark in report.remarks))
    if report.unreadable_examples:
        with st.expander("What could not be read", key=f"{key}_unreadable"):
            st.dataframe(
                [{"Name": example.name, "Reason": example.reason} for example in report.unreadable_examples],
                hide_index=True,
                alt="Files or rows that could not be read, with the reason",
            )
            rest = report.unreadable - len(report.unreadable_examples)
            if rest > 0:
                st.caption(f"and {rest:,} more")
    if report.class_counts:
        st.markdown("##### Rows per class")
        balance(list(report.class_counts), {"all rows": list(report.class_counts.values())}, key=key)


def stored_report(name: str, settings: Settings) -> None:
    """Draw the report of the import of the custom data set `name`, folded up."""
    try:
        stored: dict[str, Any] = read_record(record_path(settings.data_dir, name)).report
        report = from_dict(ImportReport, stored) if stored else None
    except (LabError, OSError) as error:
        st.caption(f"The report of its import cannot be read: {plain(str(error))}")
        return
    if report is not None:
        with st.expander("Report of its import", key="data_stored_report"):
            report_view(report, key=f"data_report_{name}")


def facts(report: ImportReport) -> list[str]:
    """Return the facts of a report in Markdown, one a line; what was not measured or not found is left out."""
    noun = "images" if report.kind == "image" else "texts"
    found = [f"**{report.rows:,} {noun}** in {len(report.class_counts):,} classes, from {plain(report.source)}"]
    found += _image_facts(report) if report.kind == "image" else _text_facts(report)
    counted = {
        "could not be read": report.unreadable,
        "ignored: no data (system files, notes, empty rows)": report.ignored,
        "repeat an earlier one of the same class": report.duplicates,
        "repeat one of another class: the same content with two labels": report.conflicting,
        "occur in two of the parts that the file is divided into": report.across_parts,
    }
    found += [f"{count:,} {what}" for what, count in counted.items() if count]
    if report.source_parts:
        parts = ", ".join(plain(part) for part in report.source_parts)
        found.append(f"divided into the parts {parts}; they are put together and split anew")
    if report.dropped_classes:
        dropped = ", ".join(f"{plain(name)} ({rows:,})" for name, rows in report.dropped_classes.items())
        found.append(f"left out because they have too few rows: {dropped}")
    return found


def _image_facts(report: ImportReport) -> list[str]:
    found = []
    for side, sizes in (("Widths", report.widths), ("Heights", report.heights)):
        if sizes is not None:
            same = sizes[0] == sizes[2]
            found.append(
                f"{side}: all {sizes[0]:,} pixels"
                if same
                else f"{side}: {sizes[0]:,} to {sizes[2]:,} pixels, half of them up to {sizes[1]:,}"
            )
    if report.colour_share is not None:
        found.append(f"{report.colour_share:.0%} of them are in colour".replace("%", " %"))
    if report.shape:
        colour = "grey" if report.shape[-1] == 1 else "colour"
        found.append(f"Brought to {report.shape[1]}×{report.shape[0]} pixels, {colour}")
    return found


def _text_facts(report: ImportReport) -> list[str]:
    found = []
    if report.text_column is not None:
        found.append(
            f"Texts from column “{plain(report.text_column)}”, labels from “{plain(report.label_column or '')}”"
        )
    if report.lengths is not None:
        low, middle, high = report.lengths
        found.append(f"Length: at least {low:,} words, half of them up to {middle:,}, 95 % up to {high:,}")
    if report.vocabulary is not None:
        found.append(f"{report.vocabulary:,} different words")
    return found
