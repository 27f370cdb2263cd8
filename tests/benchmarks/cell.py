"""One cell in this fresh process: `python -m tests.benchmarks.cell BENCHMARK ANSWER_FILE ARGUMENTS_AS_JSON`."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    benchmark, answer, arguments = sys.argv[1:]
    module = importlib.import_module(f"tests.benchmarks.{benchmark}")
    Path(answer).write_text(json.dumps(module.cell(**json.loads(arguments))), encoding="utf-8")
