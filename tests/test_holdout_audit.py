"""What a real training opens: a trial runs in its own process, and every array it reads is searched for holdout."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets.cache import prepare
from core.datasets.split import SplitParts
from core.records import to_json
from tests.executors.test_contract import make_job

PROGRAM = """
import json, sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "open" else None)
from core.executors import work
from core.executors.jobs import TrainJob
from core.records import from_json
result = work.train(from_json(TrainJob, Path(sys.argv[1]).read_text()), lambda record: None)
print(json.dumps([result.status, opened]))
"""


def digests(array: np.ndarray) -> set[str]:
    return {hashlib.sha256(np.ascontiguousarray(row).tobytes()).hexdigest() for row in array}


@pytest.mark.training
def test_a_training_process_reads_no_holdout_row(digits: SplitParts, lab: Settings, tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(to_json(make_job(digits, tmp_path / "trial", epochs=1)))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(job)], capture_output=True, text=True, check=True)
    status, opened = json.loads(done.stdout.splitlines()[-1])
    assert status == "completed"
    read = {Path(name) for name in opened if name.startswith(str(lab.data_dir)) and name.endswith((".npy", ".npz"))}
    assert {path.parent.parent for path in read} == {digits.folder}  # the parts, and nothing else of the data
    holdout = digests(open_holdout(prepare("digits", lab), digits.indices_path).images())
    assert len(holdout) == digits.sizes["holdout"]
    seen: set[str] = set()
    for path in read:
        array = np.load(path)
        if array.ndim == 4:
            seen |= digests(array)
    assert len(seen) == sum(digits.sizes[part] for part in ("train", "validation", "test"))
    assert not seen & holdout
