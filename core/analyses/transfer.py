"""Module 5: what are the networks worth on other people's data, as they are and with a new last layer?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.analyses import MODULES, AnalysisModule
from core.analyses.answering import Answers, Subject, ask
from core.analyses.features import WORDS, Fit, Probed, ProbedSet, Tally, part_of, plain, probe_network, tallies
from core.analyses.module import skipped
from core.analyses.probes import ALL, SEEDS, SHOTS, TEST_SHARE, Probe, draw, sample, transfer_score
from core.analyses.transfer_comparison import compare
from core.analyses.transfer_reading import reading
from core.analyses.transfer_tables import captions, tables
from core.analyses.zero_shot import ROWS, coverage, mean_of, row_set, unknown_share
from core.artifacts import sha256
from core.figures import effect_rows, probe_curves, study_distribution
from core.foreign import foreign_sets_for
from core.foreign.opening import ForeignSet, Skipped, open_foreign
from core.model_config import LstmConfig
from core.study_config import STUDY_MODES
from core.study_networks import StudyNetwork

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.analyses.context import AnalysisContext

PROBE_ROWS = 5_000  # of a foreign set, drawn where it has more
METHOD = {
    "probe_rows": PROBE_ROWS,
    "zero_shot_rows": ROWS,
    "shots": [*SHOTS, ALL],
    "splits": SEEDS,
    "test_share": TEST_SHARE,
    "classifier": "logistic regression, L2 penalty with C = 1, lbfgs with 200 iterations at most, on features "
    "standardised by the rows that it is fitted on",
    "features": "what the last dense layer of a network is given",
    "random": "the same architecture with fresh weights, new ones for every split",
    "score": "(accuracy of the probe − accuracy on random features)/(1 − accuracy on random features)",
}


def run(context: AnalysisContext) -> dict[str, Any]:
    """Try every network on every foreign set of its data set: as it is where labels correspond, and by probes."""
    entries = foreign_sets_for(context.entry.name)
    if not entries:
        return skipped(f"no foreign set is known for {context.entry.label}")
    words = context.dataset.word_index() if context.entry.kind == "text" else None
    opened = [open_foreign(entry, context.entry, context.settings, words) for entry in entries]
    foreign = [one for one in opened if isinstance(one, ForeignSet)]
    missing = [_missing(one, entries) for one in opened if isinstance(one, Skipped)]
    if not foreign:
        return skipped("; ".join(f"{one['label']}: {one['reason']}" for one in missing))
    context.report(0.05)
    answers = _as_they_are(context, foreign, _within(context, 0.05, 0.3))
    sets = [_probed_set(one, context.seed) for one in foreign]
    plain_rows = [Fit(features=plain(one.part, context.entry), set=one) for one, _ in sets]
    controls = {one.set.name: found for one, found in zip(plain_rows, tallies(plain_rows), strict=True)}
    probes, first = _probe_all(context, tuple(one for one, _ in sets), _within(context, 0.3, 1.0))
    described = [
        _described(context, one, probed, left_out, controls[probed.name])
        for one, (probed, left_out) in zip(foreign, sets, strict=True)
    ]
    names = [one.name for one, _ in sets]
    networks = {
        one.name: {"mode": one.mode, "pair": one.pair}
        | {"same_as": None if first[one.name] == one.name else first[one.name]}
        | {"features": probes[one.name].features, "unknown_share": _unknown(context, one, foreign)}
        | {"zero_shot": {key: found.measures for key, found in answers[one.name].items()}}
        | {"probes": {name: _probes(probes[one.name], name) for name in names}}
        for one in context.everyone
    }
    result = compare(context, described, networks, answers, probes, [one for one, _ in sets])
    if result["status"] != "ok":
        return result
    result |= {"method": METHOD | {"seed": context.seed}, "skipped": missing}
    return result | {"reading": reading(result)}


def figures(result: dict[str, Any]) -> dict[str, go.Figure]:
    """Draw the probes on every set, the runs by the measure that is tested, and all effects."""
    drawn = {
        f"probe_{one['name']}": probe_curves.draw(probe_curves.compute(one["curve"]))
        for one in result["sets"]
        if one["curve"]["points"]
    }
    (primary,) = (one for one in result["runs"] if not one["exploratory"])
    values = {mode: {int(pair): value for pair, value in primary["values"][mode].items()} for mode in STUDY_MODES}
    title = "Transfer score (hundredths)" if result["primary"] == "transfer" else "Accuracy on foreign sets (%)"
    drawn["runs"] = study_distribution.draw(study_distribution.compute(values), title)
    drawn["effects"] = effect_rows.draw(effect_rows.compute(result["runs"]))
    return drawn


def _missing(one: Skipped, entries: Sequence[Any]) -> dict[str, str]:
    label = next(entry.label for entry in entries if entry.name == one.name)
    return {"name": one.name, "label": label, "reason": one.reason}


def _within(context: AnalysisContext, start: float, end: float) -> Callable[[float], None]:
    return lambda share: context.report(start + (end - start) * share)


def _as_they_are(
    context: AnalysisContext, foreign: Sequence[ForeignSet], on_progress: Callable[[float], None]
) -> dict[str, dict[str, Answers]]:
    """Return every network's answers to the sets whose labels correspond, by name of the network and of the set."""
    rows = {one.entry.name: row_set(one, context.entry, context.seed) for one in foreign if one.use.zero_shot}
    asked = ask(context, map(Subject.of, context.everyone), list(rows.values()), on_progress)
    return {network: {name: found[one.key] for name, one in rows.items()} for network, found in asked.items()}


def _probed_set(foreign: ForeignSet, seed: int) -> tuple[ProbedSet, dict[str, str]]:
    """Return the rows and draws of a foreign set, and why some numbers of shots are left out."""
    rows = sample(foreign.y, PROBE_ROWS, seed)
    draws, left_out = draw(foreign.y[rows], seed)
    part = part_of(foreign, rows, foreign.y[rows])
    return ProbedSet(name=foreign.entry.name, part=part, draws=tuple(draws)), left_out


def _probe_all(
    context: AnalysisContext, sets: tuple[ProbedSet, ...], on_progress: Callable[[float], None]
) -> tuple[dict[str, Probed], dict[str, str]]:
    """Return the probes of every network by name, and which network of equal files was measured for it."""
    marks = {one.name: sha256(one.folder / "model.keras") for one in context.everyone}
    first: dict[str, str] = {}
    for name, mark in marks.items():
        first[name] = next(other for other in marks if marks[other] == mark)
    distinct = [one for one in context.everyone if first[one.name] == one.name]
    done = 0
    controls: dict[str, dict[str, Tally]] = {}
    found: dict[str, Probed] = {}

    def one_more() -> None:
        nonlocal done
        done += 1
        on_progress(done / (len(distinct) * (SEEDS + 1)))

    for network in distinct:
        found[network.name] = probe_network(Subject.of(network), sets, context.seed, controls, context.clock, one_more)
    return {name: found[other] for name, other in first.items()}, first


def _unknown(context: AnalysisContext, network: StudyNetwork, foreign: Sequence[ForeignSet]) -> dict[str, float | None]:
    """Return the share of words that the network does not know, for sets of texts."""
    config = context.spec(network).model
    if not isinstance(config, LstmConfig):
        return {}
    return {one.entry.name: unknown_share(one, config.vocabulary) for one in foreign}


def _probes(found: Probed, name: str) -> dict[str, dict[str, Any]]:
    """Return a network's probes on one set by shots: accuracies over the splits, and the score."""
    return {shots: _scored(own, found.random[name][shots]) for shots, own in found.trained[name].items()}


def _scored(own: Sequence[Probe | None], random: Sequence[Probe | None]) -> dict[str, Any]:
    accuracies, controls = ([None if one is None else one.accuracy for one in ones] for ones in (own, random))
    accuracy, control = mean_of(accuracies), mean_of(controls)
    score, note = None, None
    if accuracy is None or control is None:
        note = "features of the network are not finite numbers"
    elif (score := transfer_score(accuracy, control)) is None:
        note = "untrained features leave less than 1 % of the rows to win"
    unfinished = sum(one is not None and not one.converged for one in (*own, *random))
    return {
        "accuracy": accuracy,
        "accuracies": accuracies,
        "random": control,
        "randoms": controls,
        "score": score,
        "note": note,
        "unfinished": unfinished,
    }


def _described(
    context: AnalysisContext, foreign: ForeignSet, probed: ProbedSet, left_out: dict[str, str], control: Tally
) -> dict[str, Any]:
    """Say what a set is, how its rows were used and how the plain rows serve a probe."""
    use, entry = foreign.use, foreign.entry
    classes = len(np.unique(probed.part.y))
    sizes = {one.shots: (len(one.train), len(one.test)) for one in probed.draws}
    return {
        "name": entry.name,
        "label": entry.label,
        "correspondence": use.correspondence,
        "zero_shot": use.zero_shot,
        "preprocessing": use.preprocessing,
        "caveat": entry.caveat,
        "origin": foreign.origin,
        "rows": len(foreign),
        "classes": classes,
        "unknown_share": foreign.unknown_share,
        "median_words": foreign.median_words,
        "coverage": coverage(foreign, context.entry, context.seed) if use.zero_shot else None,
        "plain": "Plain pixels" if context.entry.kind == "image" else f"The {WORDS:,} commonest words",
        "probe_rows": len(probed.part),
        "left_out": left_out,
        "shots": {
            shots: {
                "train": train,
                "test": test,
                "plain": mean_of([None if one is None else one.accuracy for one in control[shots]]),
                "plain_unfinished": sum(one is not None and not one.converged for one in control[shots]),
            }
            for shots, (train, test) in sizes.items()
        },
    }


MODULES.register(
    "transfer",
    AnalysisModule(
        name="transfer",
        label="Transfer",
        question="What are the networks worth on other people's data?",
        order=5,
        run=run,
        figures=figures,
        captions=captions(),
        tables=tables,
        trains=True,
    ),
)
