"""RunPod on the command line: `check-runpod`, the options of `optimize`, and what `show` says of remote jobs."""

from __future__ import annotations

import argparse
import json
from typing import Any

from core.config import RUNPOD_POLICIES, check_choice
from core.errors import InvalidInputError
from core.executors.runpod_check import Finding, check
from core.records import to_dict
from core.remote_use import RemoteUse

_WORDS = {True: "ok", False: "FAILED", None: "not tried"}
# option -> field of the configuration; those that mean nothing without --runpod
_REMOTE_ONLY = {
    "when_runpod_fails": "when_runpod_fails",
    "gpu_price": "gpu_price_per_hour",
    "max_cost": "max_run_cost",
}


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("check-runpod", help="see whether RunPod and the bucket are set up and answer")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=check_runpod)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `optimize` can be told about RunPod."""
    group = parser.add_argument_group("RunPod", "set up by environment variables; `check-runpod` names what is missing")
    group.add_argument("--runpod", action="store_true", help="train on RunPod's workers instead of this machine")
    group.add_argument(
        "--when-runpod-fails",
        metavar="WHAT",
        help="fall_back: train on this machine (the default) | wait: until RunPod works again | stop: end the run",
    )
    group.add_argument("--gpus", type=int, help="GPUs per worker that share one network; the batch is divided")
    group.add_argument("--gpu-price", type=float, metavar="USD", help="price of a GPU for an hour, for the costs shown")
    group.add_argument("--max-cost", type=float, metavar="USD", help="start no further trial when this much is spent")


def remote_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options as fields of a configuration. Raises InvalidInputError for those that would do nothing."""
    given = {name: value for name in _REMOTE_ONLY if (value := getattr(arguments, name)) is not None}
    if given and not arguments.runpod:
        option = "--" + next(iter(given)).replace("_", "-")
        raise InvalidInputError(f"{option} does nothing without --runpod; add that, or leave {option} out")
    if arguments.when_runpod_fails is not None:
        check_choice("--when-runpod-fails", arguments.when_runpod_fails, RUNPOD_POLICIES)
    values = {_REMOTE_ONLY[name]: value for name, value in given.items()}
    if arguments.gpus is not None:
        values["target_gpus_per_worker"] = arguments.gpus
    return values | ({"use_runpod_service": True} if arguments.runpod else {})


def check_runpod(arguments: argparse.Namespace) -> int:
    """Print one line per finding; exit code 0 when all is well."""
    findings = check()
    well = all(finding.ok is not False for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": well, "findings": [to_dict(finding) for finding in findings]}))
    else:
        print("\n".join(map(_line, findings)))
    return 0 if well else 1


def _line(finding: Finding) -> str:
    text = f"{_WORDS[finding.ok]:<9}  {finding.name:<8}  {finding.found}"
    return f"{text} {finding.remedy}" if finding.remedy else text


def describe_use(use: RemoteUse) -> str:
    """Sum up the remote jobs of a run in one line."""
    run = use.run
    jobs = _count(run.jobs, "job") + (f" ({run.running} open)" if run.running else "")
    parts = [jobs, f"{run.seconds:.0f} s of execution", f"cost {at_least(run.cost)}"]
    if run.cost is not None and run.unknown_cost:
        parts.append(f"without {_count(run.unknown_cost, 'ended job')} whose cost is not known")
    if run.doubtful:
        parts.append(f"{run.doubtful} more may have been taken unseen: look at the endpoint's page")
    return "RunPod: " + ", ".join(parts)


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}" + ("" if amount == 1 else "s")


def at_least(cost: float | None) -> str:
    """Write a cost that is a lower bound: the start of workers, their idle time and disk are billed beyond it.

    >>> at_least(0.0312), at_least(None)
    ('at least $0.0312', 'not known')
    """
    return "not known" if cost is None else f"at least {money(cost)}"


def money(amount: float) -> str:
    """Write US dollars; small amounts with four decimals, since a trial may cost less than a cent.

    >>> money(12.5), money(0.0312), money(0.00001)
    ('$12.50', '$0.0312', 'under $0.0001')
    """
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"
