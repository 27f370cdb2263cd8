"""The layers of the architecture, checked from the imports and in fresh interpreters."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
# Lowest first. A module may import its own layer and those below; the longest matching prefix counts.
LAYERS = [
    [
        "core",
        "core.errors",
        "core.registry",
        "core.records",
        "core.config",
        "core.study_config",
        "core.seeds",
        "core.code_version",
        "core.model_config",
        "core.trial",
        "core.architecture",
        "core.remote_job",
        "core.devices",
        "core.masking",
        "core.logs",
        "core.diagnostics",
        "core.number_ranges",
        "core.passwords",
        "core.parent_watch",
        "core.steady_clock",
        "core.disk_space",
    ],
    [
        "core.search_space",
        "core.lessons",
        "core.scoring",
        "core.weight_balance",
        "core.health",
        "core.stats",
        "core.calibration",
        "core.datasets",
        "core.foreign",
        "core.importing",
        "core.corruptions",
        "core.shifts",
    ],
    ["core.training"],
    ["core.storage_config", "core.storage_errors", "core.storage_client", "core.object_store", "core.bundles"],
    ["core.executors", "core.store", "core.database", "core.artifacts", "core.progress", "core.tensorboard_logs"],
    [
        "core.optimizer",
        "core.sampling",
        "core.preparation",
        "core.trial_course",
        "core.diagnosis",
        "core.outcome",
        "core.package",
        "core.analyses",
        "core.whatif",
        "core.figures",
        "core.network_graph",
        "core.health_evidence",
        "core.health_advice",
        "core.diagnostics_export",
        "core.layer_lessons",
        "core.layer_colouring",
        "core.network_document",
        "core.diagram",
        "core.trial_filter",
        "core.architecture_diff",
        "core.remote_use",
        "core.study_store",
        "core.views",
        "core.study_folder",
        "core.support_bundle",
        "core.study_networks",
        "core.speedup",
        "core.run_pool",
    ],
    [
        "core.study",
        "core.study_comparison",
        "core.study_estimate",
        "core.ablation_runs",
        "core.claims",
        "core.study_numbers",
        "core.study_words",
        "core.study_statistics",
        "core.study_tables",
        "core.study_method",
    ],
    [
        "core.service",
        "core.analysis_jobs",
        "core.diagnosis_queue",
        "core.dataset_jobs",
        "core.dataset_removal",
        "core.report",
        "core.cli",
        "core.__main__",
    ],
    ["app", "pages"],
]
HEAVY = ("tensorflow", "keras", "sklearn", "torch")


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(p): p for folder in ("core", "app", "pages") for p in (REPOSITORY / folder).rglob("*.py")}


def layer_of(module: str) -> int | None:
    matches = [
        (len(prefix), level)
        for level, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if module == prefix or (prefix != "core" and module.startswith(f"{prefix}."))
    ]
    return max(matches)[1] if matches else None


def imports(path: Path) -> set[str]:
    """Project modules that a file imports, also inside functions, but not those for type checkers only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return {name for name in found if name in MODULES}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down_only(module: str) -> None:
    level = layer_of(module)
    assert level is not None, f"{module} has no layer; add it to LAYERS"
    upward = {name for name in imports(MODULES[module]) if (layer_of(name) or 0) > level}
    assert not upward, f"{module} imports from above: {sorted(upward)}"


def test_only_training_imports_keras_and_only_the_app_imports_streamlit() -> None:
    for module, path in MODULES.items():
        roots = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                roots.add(node.module.split(".")[0])
        assert module.startswith("core.training") or not roots & set(HEAVY), f"{module} imports {roots & set(HEAVY)}"
        assert not module.startswith("core") or "streamlit" not in roots, f"{module} imports streamlit"


def loaded_by(statement: str) -> set[str]:
    """Import something in a fresh interpreter and return the heavy packages that it brought."""
    code = f"{statement}\nimport sys; print(*[m for m in {(*HEAVY, 'streamlit')!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_program_outside_the_workers_loads_no_keras() -> None:
    workers = ("core.training", "core.executors.preload")
    light = [m for m in MODULES if m.startswith("core") and not m.startswith(workers) and m != "core.__main__"]
    assert loaded_by("import " + ", ".join(light)) == set()


def test_pages_and_app_load_no_keras() -> None:
    statements = [f"import {m}" for m in MODULES if m.startswith("app") and m not in ("app.main",)]
    assert statements and not loaded_by("\n".join(statements)) & set(HEAVY)


def test_the_check_would_notice() -> None:
    assert "keras" in loaded_by("import core.training.model_builder")
    assert layer_of("core.cli.runs") == layer_of("core.service") and layer_of("core.nonsense") is None


def test_fragments_are_made_in_one_place() -> None:
    """A bare one can cost the page: see app/components/fragment.py."""
    uses = [name for name, path in MODULES.items() if "st.fragment" in path.read_text(encoding="utf-8")]
    assert uses == ["app.components.fragment"]
