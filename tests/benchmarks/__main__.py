"""`python -m tests.benchmarks [names...] [--quick]`: run benchmarks one after the other, then sum them up."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time

from tests.benchmarks.harness import OUTPUT, Figure, table, verdict

NAMES = (
    "executor_overhead",
    "worker_scaling",
    "runpod_overhead",
    "runpod_scaling",
    "probe_cost",
    "app_import",
    "page_speed",
    "data_sharing",
    "importing",
    "end_to_end",
    "study_share",
    "analysis_share",
    "keras_tuner",
)


def main() -> int:
    """Exit code 0 when every benchmark ran, whether or not it met its goals."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(NAMES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer repeats: to see that it works, not to quote")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name!r}; known: {', '.join(NAMES)}")
    rows: list[tuple[str, Figure]] = []
    failed = False
    for name in arguments.names or NAMES:
        print(f"\n{name} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)
        started = time.perf_counter()
        try:
            rows += [
                (name, figure) for figure in importlib.import_module(f"tests.benchmarks.{name}").run(arguments.quick)
            ]
        except Exception as error:  # the others still count
            failed = True
            print(f"  failed: {error}", file=sys.stderr)
            rows.append((name, Figure(name="failed", value=str(error).strip().splitlines()[-1][:60])))
        print(f"  took {time.perf_counter() - started:.0f} s", flush=True)
    print("\nsummary" + (" (quick: not to be quoted)" if arguments.quick else ""))
    table(
        ["benchmark", "figure", "value", "goal", "met"],
        [[name, figure.name, figure.value, figure.goal, verdict(figure.met)] for name, figure in rows],
    )
    OUTPUT.mkdir(exist_ok=True)
    summary = [{"benchmark": n, "figure": f.name, "value": f.value, "goal": f.goal, "met": f.met} for n, f in rows]
    (OUTPUT / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
