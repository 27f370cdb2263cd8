"""Where shifted rows come from: changed images, other people's sets, unusual texts, paraphrases; what is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.analyses.answering import Subject
from core.analyses.paraphrases import paraphrase_file, read_paraphrases
from core.analyses.shift_families import CleanRows, Family, NotApplied, PartOf, ShiftedSet, restricted, take
from core.analyses.topic_shift import MEASURE, part_by, unlikeness
from core.datasets.parts import Part
from core.errors import InvalidInputError
from core.foreign import foreign_sets_for
from core.foreign.entry import ForeignEntry
from core.foreign.opening import ForeignSet, Skipped, open_foreign
from core.shifts import SHIFTS, Canvas, Shift, Use
from core.shifts.images import shift_images

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext

Found = tuple[list[Family], list[NotApplied]]


def find_families(context: AnalysisContext, rows: CleanRows) -> Found:
    """Return the families that apply to a study's data set and can be had here, and what is left out and why."""
    ways = (
        (_image_families, _foreign_families)
        if context.entry.kind == "image"
        else (_foreign_families, _unlike_families, _paraphrase_families)
    )
    families: list[Family] = []
    missing: list[NotApplied] = []
    for way in ways:
        found, left_out = way(context, rows)
        families += found
        missing += left_out
    return families, missing


def _once(make: PartOf) -> PartOf:
    """Make a part at the first call and keep it: all networks are asked about the same rows."""
    made: list[Part] = []

    def part(subject: Subject) -> Part:
        if not made:
            made.append(make(subject))
        return made[0]

    return part


def _image_families(context: AnalysisContext, rows: CleanRows) -> Found:
    families, missing = [], []
    for shift in sorted(SHIFTS.values(), key=lambda one: one.label):
        use = shift.use_for(context.entry)
        if use.excluded:
            missing.append(NotApplied(label=_left_out(shift, use), reason=use.excluded))
        if use.levels:
            note = f"{use.note[0].upper()}{use.note[1:]}." if use.note else ""
            sets = tuple(_shifted(context, rows, shift, level) for level in use.levels)
            families.append(Family(name=shift.name, label=shift.label, note=note, sets=sets))
    return families, missing


def _left_out(shift: Shift, use: Use) -> str:
    return f"{shift.label} beyond {use.levels[-1]:g}{shift.unit}" if use.levels else shift.label


def _shifted(context: AnalysisContext, rows: CleanRows, shift: Shift, level: float) -> ShiftedSet:
    canvas = Canvas.of(context.entry)

    def make(subject: Subject) -> Part:
        clean = rows.part(subject)
        return replace(clean, x=shift_images(clean.images(), shift, level, canvas))

    return ShiftedSet(
        key=f"shift/{shift.name}/{level:g}",
        label=shift.level_label(level),
        part=_once(make),
        rows=len(context.labels),
    )


def _foreign_families(context: AnalysisContext, _rows: CleanRows) -> Found:
    families, missing = [], []
    words = context.dataset.word_index() if context.entry.kind == "text" else None
    for entry in foreign_sets_for(context.entry.name):
        if not entry.uses[context.entry.name].zero_shot:
            reason = "its classes are not those of the networks, whose accuracy on it would be chance by construction"
            missing.append(NotApplied(label=entry.label, reason=reason))
            continue
        opened = open_foreign(entry, context.entry, context.settings, words)
        if isinstance(opened, Skipped):
            missing.append(NotApplied(label=entry.label, reason=opened.reason.removesuffix(".")))
        else:
            families.append(_foreign_family(context, entry, opened))
    return families, missing


def _foreign_family(context: AnalysisContext, entry: ForeignEntry, opened: ForeignSet) -> Family:
    """Try networks as they are; where some of their classes have no counterpart, among the others only."""
    usable = np.flatnonzero(opened.source_y >= 0)
    rows = Part(name=entry.name, y=opened.source_y, x=opened.x, tokens=opened.tokens, offsets=opened.offsets)
    part = take(rows, usable)
    note = entry.caveat
    if opened.unknown_share is not None:
        note = (
            f"{note} {100 * opened.unknown_share:.1f} % of its words are not in the word index of the networks.".strip()
        )
    known = ShiftedSet(
        key=f"shift/foreign/{entry.name}/{opened.content_hash[:12]}",
        label=entry.label,
        part=lambda _: part,
        rows=len(part),
    )
    whole = Family(name=f"foreign_{entry.name}", label=entry.label, note=note, sets=(known,))
    if opened.use.correspondence == "same":
        return whole
    classes = sorted(number for number in opened.use.class_map if number is not None)
    return replace(
        whole,
        sets=(replace(known, read=lambda found: restricted(found, classes)),),
        clean_label=f"the holdout's rows of these {len(classes)} classes",
        clean=np.flatnonzero(np.isin(context.labels, classes)),
        clean_read=lambda found: restricted(found, classes),
    )


def _unlike_families(context: AnalysisContext, rows: CleanRows) -> Found:
    label = "Unusual wording"
    if context.entry.name != "reuters" and not context.entry.custom:
        reason = "its classes are no topics, and texts from elsewhere show more"
        return [], [NotApplied(label=label, reason=reason)]
    distances = unlikeness(context.dataset.arrays(), next(iter(context.predictions.values())).rows)
    far, near = part_by(distances, context.labels)
    if not len(far):
        return [], [NotApplied(label=label, reason="no class has three rows in the holdout, of which one is a third")]
    return [
        Family(
            name="unusual_wording",
            label=label,
            note=f"The third of the holdout's texts of each class that is worded most unlike its class ({MEASURE}), "
            "against the other two thirds.",
            sets=(
                ShiftedSet(
                    key="shift/unusual_wording",
                    label=label,
                    part=lambda subject: take(rows.part(subject), far),
                    rows=len(far),
                ),
            ),
            clean_label="the other two thirds of the holdout, class by class",
            clean=near,
        )
    ], []


def _paraphrase_families(context: AnalysisContext, _rows: CleanRows) -> Found:
    label = "Paraphrases"
    path = paraphrase_file(context.settings, context.config.dataset_name)
    if not path.exists():
        where = path.relative_to(context.settings.data_dir)  # whose folder it is is nobody else's business
        reason = (
            "skipped, since there is no paraphrase file; put a CSV file with the columns row and text at "
            f"{where} in the data folder (MHL_DATA_DIR)"
        )
        return [], [NotApplied(label=label, reason=reason)]
    holdout = next(iter(context.predictions.values())).rows
    try:
        found = read_paraphrases(path, context.dataset.rows, holdout)
    except InvalidInputError as error:
        return [], [NotApplied(label=label, reason=f"skipped, since the paraphrase file is not valid: {error}")]
    places = np.searchsorted(holdout, found.rows)

    def part(subject: Subject) -> Part:
        words = context.words(subject)
        ids = [words.encode(text) for text in found.texts]
        offsets = np.cumsum([0, *map(len, ids)]).astype(np.int64)
        return Part(name="paraphrases", y=context.labels[places], tokens=np.concatenate(ids), offsets=offsets)

    ignored = f"; {found.ignored:,} other rows of the file do not count, being outside it" if found.ignored else ""
    return [
        Family(
            name="paraphrases",
            label=label,
            note=f"{len(places):,} rows of the holdout in other words, from {path}{ignored}.",
            sets=(ShiftedSet(key=f"shift/paraphrases/{found.sha256[:12]}", label=label, part=part, rows=len(places)),),
            clean_label="the same rows in their own words",
            clean=places,
        )
    ], []
