"""The process that tries finished networks on the holdout: one request as JSON on stdin, a JSON line for each network.

A process of its own, since neither the web server nor a worker that trains may do this: the one must not load Keras,
the other must not reach the holdout.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import prepare
from core.datasets.split import read_indices
from core.errors import LabError
from core.records import from_json
from core.trial import SPEC_FILE, TrialSpec


def main() -> None:
    """Keep stdout for the protocol: what libraries print goes to stderr."""
    protocol = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.load(sys.stdin)
    try:
        for name in request["networks"]:
            _evaluate(request["dataset"], Path(request["networks"][name]), Path(request["out_dir"]), name)
            print(json.dumps({"done": name}), file=protocol, flush=True)
    except (LabError, OSError, ValueError) as error:
        print(json.dumps({"error": str(error)}), file=protocol, flush=True)


def _evaluate(dataset_name: str, folder: Path, out_dir: Path, name: str) -> None:
    """Write the probabilities (rows, classes) of a network for the holdout, its rows in the order of their numbers."""
    from core.training.inputs import model_inputs
    from core.training.predictor import load_model, predict

    settings = Settings.from_environment()
    DATASETS.follow(settings.data_dir)
    dataset = prepare(dataset_name, settings)
    spec = from_json(TrialSpec, (folder / SPEC_FILE).read_text(encoding="utf-8"))
    rows = read_indices(folder / "split.npz")[1]["holdout"]
    holdout = open_holdout(dataset, folder / "split.npz")
    order = np.argsort(rows)
    probabilities = predict(load_model(folder / "model.keras"), model_inputs(holdout, spec.model))[order]
    part = out_dir / f".{name}.part.npz"
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, probabilities=probabilities, labels=holdout.y[order], rows=rows[order])
    part.replace(out_dir / f"{name}.npz")


if __name__ == "__main__":
    main()
