"""What the results on foreign sets say, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.analyses.pairing import hundredths, sentence
from core.analyses.probes import ALL


def reading(result: Mapping[str, Any]) -> list[str]:
    """Return the sentences of a result: the claim, each set, the two models, and what is missing."""
    runs = {one["measure"]: one for one in result["runs"]}
    lines = []
    if result["primary"] == "transfer":
        lines += [sentence(runs["transfer"], "{:+.3f}".format), _meaning(result)]
    else:
        lines += [
            sentence(runs["mean_zero_shot"], hundredths, " points"),
            "No transfer score could be measured, so that accuracy on the foreign sets as it is stands for transfer.",
        ]
    for one in result["sets"]:
        lines += _of_set(one, result)
    lines += _models(result)
    lines += [f"{one['label']} was left out: {_sentence(one['reason'])}" for one in result["skipped"]]
    tested = "The transfer score" if result["primary"] == "transfer" else "Mean accuracy on the foreign sets"
    return [*lines, f"{tested} is the claim tested; all other comparisons here are exploratory."]


def shots_words(shots: str) -> str:
    """Return a number of shots in words.

    >>> shots_words("10"), shots_words("all")
    ('10 examples per class', 'all examples')
    """
    return "all examples" if shots == ALL else f"{shots} examples per class"


def _meaning(result: Mapping[str, Any]) -> str:
    label = {one["name"]: one["label"] for one in result["sets"]}
    names = _and([label[name] for name in result["scored_sets"]])
    mean = f"the mean over {names}" if len(result["scored_sets"]) > 1 else f"that on {names}"
    return (
        "A transfer score of 0 says that what a network has learned serves a new task no better than the same network "
        "untrained, and 1 that it leaves no mistake; negative: training made it worse. The score is "
        f"{mean}, of new last layers fitted on {shots_words(result['shots'])}."
    )


def _of_set(one: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    lines = []
    networks = result["networks"].values()
    if one["zero_shot"]:
        lines.append(_as_it_is(one, networks))
    shots = result["shots"] if result["shots"] in one["shots"] else next(reversed(one["shots"]), None)
    if shots is not None:
        lines.append(_probed(one, shots))
        if one["name"] not in result["scored_sets"]:
            lines.append(f"{one['label']} does not count for the transfer score: {_why_not(one, shots, networks)}.")
    if shots is None or len(one["left_out"]):
        reasons = [f"{shots_words(key)}: {why}" for key, why in one["left_out"].items()]
        lines.append(f"{one['label']} is not probed with {'; nor with '.join(reasons)}.")
    return lines


def _as_it_is(one: Mapping[str, Any], networks: Any) -> str:
    covered = one["coverage"]
    modes = _by_mode(networks, lambda each: each["zero_shot"][one["name"]]["accuracy"])
    text = f"On {one['label']} as it is, {modes} of {covered['rows']:,} rows are put into their class on average"
    text += f"; always naming the commonest class would give {100 * covered['commonest']:.1f} %"
    if covered["missing"]:
        text += f"; {covered['classes']} of {covered['of']} classes occur there ({_and(covered['missing'])} do not)"
    shares = [each["unknown_share"].get(one["name"]) for each in networks]
    known = [share for share in shares if share is not None]
    if known:
        low, high = 100 * min(known), 100 * max(known)
        between = f"{low:.1f} %" if f"{low:.1f}" == f"{high:.1f}" else f"{low:.1f} to {high:.1f} %"
        text += f"; {between} of its words are unknown to the networks"
    return f"{text}."


def _probed(one: Mapping[str, Any], shots: str) -> str:
    (point,) = (each for each in one["curve"]["points"] if each["shots"] == shots)
    known = {key: point[key]["mean"] for key in ("accuracy_only", "health_aware", "random", "plain")}
    if known["accuracy_only"] is None or known["health_aware"] is None or known["random"] is None:
        return f"On {one['label']} no probe could be fitted on the features of one mode's networks."
    text = (
        f"On {one['label']}, new last layers fitted on {shots_words(shots)} are right in "
        f"{100 * known['accuracy_only']:.1f} % (accuracy-only) and {100 * known['health_aware']:.1f} % (health-aware) "
        f"of {one['shots'][shots]['test']:,} test rows, and in {100 * known['random']:.1f} % on untrained networks"
    )
    if known["plain"] is not None:
        words = one["plain"][0].lower() + one["plain"][1:]
        text += f"; {words} alone give {100 * known['plain']:.1f} %"
        if known["plain"] > max(known["accuracy_only"], known["health_aware"]):
            text += ", which is more than the networks' features"
    return f"{text}."


def _why_not(one: Mapping[str, Any], shots: str, networks: Any) -> str:
    notes = sorted({each["probes"][one["name"]][shots]["note"] for each in networks} - {None})
    return _and(notes) or f"it has too few rows for {shots_words(shots)}"


def _models(result: Mapping[str, Any]) -> list[str]:
    if result["same_model"]:
        return ["Model A and model B are the same network, so that they do not differ on any set."]
    label = {one["name"]: one["label"] for one in result["sets"]}
    lines = []
    for name, found in result["difference"].items():
        way = "as it is" if found["way"] == "zero_shot" else f"with {shots_words(result['shots'])}"
        text = f"Model B minus model A on {label[name]} {way}: {_points(found['difference'])} points"
        if found["low"] is None:
            lines.append(f"{text} over {found['n']:,} rows; {found['note']}.")
            continue
        apart = not found["low"] <= 0 <= found["high"]
        better = "model B" if found["difference"] > 0 else "model A"
        judged = f"{better} is better there" if apart else "no difference between the two models was shown"
        interval = f"95 % interval {_points(found['low'])} to {_points(found['high'])}"
        lines.append(f"{text} ({interval}, {found['n']:,} rows): {judged}.")
    return lines


def _by_mode(networks: Any, value: Any) -> str:
    words = {"accuracy_only": "accuracy-only", "health_aware": "health-aware"}
    means = []
    for mode, name in words.items():
        found = [value(each) for each in networks if each["mode"] == mode]
        if found:
            means.append(f"{100 * float(np.mean(found)):.1f} % ({name})")
    return _and(means)


def _points(share: float) -> str:
    return hundredths(share).replace("-", "−")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
