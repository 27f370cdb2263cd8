"""What transfer says: the modes compared over the runs, and the two models row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.analyses.answering import Answers
from core.analyses.features import Probed, ProbedSet
from core.analyses.module import skipped
from core.analyses.pairing import compare_runs
from core.analyses.probes import ALL, SHOTS
from core.analyses.transfer_reading import shots_words
from core.analyses.zero_shot import mean_of
from core.stats import bootstrap_difference, mean_interval
from core.study_config import STUDY_MODES

if TYPE_CHECKING:
    from core.analyses.context import AnalysisContext


def compare(
    context: AnalysisContext,
    sets: list[dict[str, Any]],
    networks: dict[str, dict[str, Any]],
    answers: Mapping[str, Mapping[str, Answers]],
    probes: Mapping[str, Probed],
    probed: Sequence[ProbedSet],
) -> dict[str, Any]:
    """Return the module's result but for how it came about and its reading; "skipped" if nothing could be measured.

    `sets` and `networks` are the tables of the result, to which curves and means are added.
    """
    for one in sets:
        one["curve"] = _curve(context, one, networks)
    shots = _common_shots([one["shots"] for one in sets if one["shots"]])
    scored = [one["name"] for one in sets if shots in one["shots"] and _has_room(networks, one["name"], shots)]
    tried = [one["name"] for one in sets if one["zero_shot"]]
    for found in networks.values():
        found["transfer"] = mean_of([found["probes"][name][shots]["score"] for name in scored])
        found["mean_zero_shot"] = mean_of([found["zero_shot"][name]["accuracy"] for name in tried])
    primary = "transfer" if any(found["transfer"] is not None for found in networks.values()) else "mean_zero_shot"
    if primary == "mean_zero_shot" and not tried:
        notes = sorted({each["note"] for one in networks.values() for each in _all_probes(one) if each["note"]})
        return skipped("no transfer score could be measured: " + ("; ".join(notes) or "there are too few rows"))
    return {
        "status": "ok",
        "primary": primary,
        "shots": shots,
        "scored_sets": scored,
        "zero_shot_sets": tried,
        "sets": sets,
        "networks": networks,
        "runs": _runs(context, networks, sets, scored, tried, shots, primary),
        "models": {key: {"name": one.name, "pair": one.pair} for key, one in zip("ab", context.models, strict=True)},
        "same_model": _same(networks, *(one.name for one in context.models)),
        "difference": _difference(context, answers, probes, probed, shots),
    }


def _same(networks: Mapping[str, Any], a: str, b: str) -> bool:
    return bool((networks[a]["same_as"] or a) == (networks[b]["same_as"] or b))


def _all_probes(network: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [found for shots in network["probes"].values() for found in shots.values()]


def _common_shots(found: Sequence[Mapping[str, Any]]) -> str:
    """Return the largest number of shots that every set has; where they have none in common, all there are."""
    common = [str(shots) for shots in SHOTS if found and all(str(shots) in one for one in found)]
    return common[-1] if common else ALL


def _has_room(networks: Mapping[str, Any], name: str, shots: str) -> bool:
    """Whether every network has a score on the set, those aside whose features are not finite."""
    found = [one["probes"][name][shots] for one in networks.values()]
    return all(one["score"] is not None or one["accuracy"] is None for one in found)


def _curve(context: AnalysisContext, one: Mapping[str, Any], networks: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `probe_curves` draws: both modes over their runs, untrained networks, plain rows."""
    points = []
    for shots, sizes in one["shots"].items():
        ask_for = {
            mode: [networks[each.name]["probes"][one["name"]][shots] for each in context.networks[mode]]
            for mode in STUDY_MODES
        }
        randoms = [found["random"] for found in (*ask_for[STUDY_MODES[0]], *ask_for[STUDY_MODES[1]])]
        examples = sizes["train"] / one["classes"]
        points.append(
            {"shots": shots, "examples": examples, "label": shots if shots != ALL else f"all (≈ {examples:.0f})"}
            | {mode: _interval([found["accuracy"] for found in ask_for[mode]]) for mode in STUDY_MODES}
            | {"random": _interval(randoms), "plain": {"mean": sizes["plain"]}}
        )
    return {"plain": one["plain"], "points": points}


def _interval(values: Sequence[float | None]) -> dict[str, Any]:
    return asdict(mean_interval([value for value in values if value is not None]))


def _runs(
    context: AnalysisContext,
    networks: Mapping[str, Any],
    sets: Sequence[Mapping[str, Any]],
    scored: Sequence[str],
    tried: Sequence[str],
    shots: str,
    primary: str,
) -> list[dict[str, Any]]:
    label = {one["name"]: one["label"] for one in sets}
    words = shots_words(shots)
    place = label[tried[0]] if len(tried) == 1 else "foreign sets"
    found: list[tuple[str, str, Callable[[dict[str, Any]], float | None]]] = []
    if scored:
        found.append(("transfer", f"transfer score, {words}", lambda one: one["transfer"]))
    if tried:
        found.append(("mean_zero_shot", f"accuracy as it is on {place}", lambda one: one["mean_zero_shot"]))
    for name in scored if len(scored) > 1 else ():  # a single one is its own mean
        found.append((f"transfer/{name}", f"transfer score on {label[name]}", _score_on(name, shots)))
    for name in tried if len(tried) > 1 else ():
        found.append((f"zero_shot/{name}", f"accuracy as it is on {label[name]}", _accuracy_on(name)))
    found.sort(key=lambda one: one[0] != primary)  # the claim tested comes first
    return [
        {"measure": measure, "exploratory": measure != primary}
        | compare_runs(context, {name: value(one) for name, one in networks.items()}, label=title)
        for measure, title, value in found
    ]


def _score_on(name: str, shots: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda one: one["probes"][name][shots]["score"]


def _accuracy_on(name: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda one: one["zero_shot"][name]["accuracy"]


def _difference(
    context: AnalysisContext,
    answers: Mapping[str, Mapping[str, Answers]],
    probes: Mapping[str, Probed],
    probed: Sequence[ProbedSet],
    shots: str,
) -> dict[str, dict[str, Any]]:
    """Compare the two models on every set row by row, B minus A: as they are, else by their probes."""
    found = {}
    a, b = (one.name for one in context.models)
    for one in probed:
        if one.name in answers[a]:
            pair = [answers[name][one.name].correct.astype(float) for name in (a, b)]
            way = "zero_shot"
        else:
            rows = [_per_row(one, probes[name].trained[one.name].get(shots, []), shots) for name in (a, b)]
            if any(each is None for each in rows):
                continue
            pair, way = [each for each in rows if each is not None], "probe"
        found[one.name] = {"way": way} | asdict(bootstrap_difference(*pair, seed=context.seed))
    return found


def _per_row(one: ProbedSet, found: Sequence[Any], shots: str) -> NDArray[np.float64] | None:
    """Return how often each test row was right, over the splits that tested it; rows that none did are left out."""
    if not found or any(each is None for each in found):
        return None
    right, times = np.zeros(len(one.part)), np.zeros(len(one.part))
    for each, result in zip([each for each in one.draws if each.shots == shots], found, strict=True):
        right[each.test] += result.correct
        times[each.test] += 1
    return np.asarray(right[times > 0] / times[times > 0])
