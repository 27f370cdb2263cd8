"""No training path can reach the holdout: by its imports, by the files it gets, by the objects it is handed."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.analyses.holdout import open_holdout
from core.config import Settings
from core.datasets import _MACHINERY
from core.datasets.cache import prepare
from core.datasets.parts import TrialData, open_parts
from core.datasets.split import prepare_split

REPOSITORY = Path(__file__).resolve().parents[1]
HOLDOUT_MODULES = ("core.analyses", "core.datasets.split", "core.datasets.cache")


def project_modules(root: Path) -> dict[str, Path]:
    """Return every module below root/core by its dotted name."""
    modules = {}
    for path in (root / "core").rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def imports_of(module: str, path: Path) -> set[str]:
    """Return all names that `module` imports anywhere, inside functions and by literal import_module too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names.update(str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
    return names


def import_chains(root: Path, starts: list[str]) -> dict[str, str]:
    """Return every project module that importing `starts` can load, each with the chain of imports leading there."""
    modules = project_modules(root)
    chains = {start: start for start in starts}
    waiting = list(starts)
    while waiting:
        module = waiting.pop()
        for name in imports_of(module, modules[module]):
            steps = name.split(".")
            for loaded in (".".join(steps[:depth]) for depth in range(1, len(steps) + 1)):  # with parent packages
                if loaded in modules and loaded not in chains:
                    chains[loaded] = f"{chains[module]} -> {loaded}"
                    waiting.append(loaded)
    return chains


def forbidden_chains(root: Path, package: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return the import chains from any module of `package` to a module in one of the `forbidden` packages."""
    starts = [name for name in project_modules(root) if name == package or name.startswith(f"{package}.")]
    assert starts, f"there is no package {package} in {root}"
    # Data set families are loaded by discovery, which no import statement shows.
    families = [
        name
        for name in project_modules(root)
        if name.startswith("core.datasets.") and name.removeprefix("core.datasets.") not in _MACHINERY
    ]
    return sorted(
        chain
        for module, chain in import_chains(root, starts + families).items()
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    )


def test_training_cannot_import_its_way_to_the_holdout() -> None:
    assert forbidden_chains(REPOSITORY, "core.training", HOLDOUT_MODULES) == []
    assert forbidden_chains(REPOSITORY, "core.executors", ("core.analyses",)) == []


def test_parts_are_read_without_the_modules_that_know_the_holdout() -> None:
    assert forbidden_chains(REPOSITORY, "core.datasets.parts", HOLDOUT_MODULES) == []


@pytest.mark.parametrize(
    ("path", "line", "chain"),
    [
        ("core/training/leak.py", "from core.analyses.holdout import open_holdout", "core.training.leak"),
        ("core/training/leak.py", "def f():\n    from core.analyses import holdout", "core.training.leak"),
        ("core/training/leak.py", "from ..datasets import split", "core.training.leak"),
        ("core/training/leak.py", "import importlib\nimportlib.import_module('core.datasets.cache')", "leak"),
        ("core/datasets/parts.py", "from core.datasets.split import read_indices", "core.datasets.parts"),
        ("core/datasets/digits.py", "import core.datasets.cache", "core.datasets.digits"),
    ],
)
def test_the_checker_finds_a_leak(path: str, line: str, chain: str, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "core/training/uses_parts.py").write_text("import core.datasets.parts\n")
    assert forbidden_chains(tmp_path, "core.training", HOLDOUT_MODULES) == []
    with (tmp_path / path).open("a") as file:
        file.write(f"\n{line}\n")
    found = forbidden_chains(tmp_path, "core.training", HOLDOUT_MODULES)
    assert any(chain in leak for leak in found), found


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.from_environment({"MHL_DATA_DIR": str(tmp_path_factory.mktemp("data"))})


_OPEN = """
import json, sys
from pathlib import Path
from core.datasets import DATASETS
from core.datasets.parts import open_parts
data = open_parts(Path(sys.argv[1]))
assert len(DATASETS) >= 5
print(json.dumps(sorted(sys.modules)))
"""


def test_a_process_that_opens_parts_never_loads_them(settings: Settings) -> None:
    split = prepare_split(prepare("digits", settings), 5, settings)
    child = subprocess.run(
        [sys.executable, "-c", _OPEN, str(split.folder)], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    loaded = set(json.loads(child.stdout))
    assert "core.datasets.mnist" in loaded
    assert loaded.isdisjoint({*HOLDOUT_MODULES, "core.analyses.holdout"})
    assert loaded.isdisjoint({"tensorflow", "keras", "sklearn", "pooch", "streamlit"})


def _row_hashes(array: np.ndarray) -> set[str]:
    return {hashlib.sha256(np.ascontiguousarray(row).tobytes()).hexdigest() for row in array}


def test_no_holdout_row_lies_in_the_folder_of_a_trial(settings: Settings) -> None:
    dataset = prepare("digits", settings)
    for seed in range(3):
        split = prepare_split(dataset, seed, settings)
        held = open_holdout(dataset, split.indices_path)
        holdout = _row_hashes(held.images())
        assert len(holdout) == split.sizes["holdout"] == len(held)
        files = sorted(str(path.relative_to(split.folder)) for path in split.folder.rglob("*") if path.is_file())
        expected = [f"{part}/{field}.npy" for part in ("test", "train", "validation") for field in "xy"]
        assert files == sorted([*expected, "parts.json"])
        seen = set().union(*(_row_hashes(np.load(path)) for path in split.folder.rglob("*.npy")))
        assert seen.isdisjoint(holdout)
        assert len(seen | holdout) >= dataset.rows  # nothing else is missing either
        assert split.folder not in split.indices_path.parents


def test_a_trial_is_handed_three_parts(settings: Settings) -> None:
    assert {field.name for field in dataclasses.fields(TrialData)} == {"entry", "train", "validation", "test"}
    data = open_parts(prepare_split(prepare("digits", settings), 5, settings).folder)
    assert [part.name for part in (data.train, data.validation, data.test)] == ["train", "validation", "test"]
    assert not hasattr(data, "holdout")
