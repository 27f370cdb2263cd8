"""The final package of a run: the network, what was measured of it, and how to use it in five lines of Python."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from core.architecture import load_architecture
from core.artifacts import RunFolder
from core.config import Settings
from core.datasets import DATASETS
from core.datasets.cache import dataset_home
from core.datasets.text import WORD_INDEX_FILE, WordIndex
from core.errors import LabError
from core.trial import RESULT_FILE, SPEC_FILE

README, WORDS = "README.md", "word_index.json"
_STORED = (".keras", ".npz", ".npy")  # compressed already

_IMAGE_LINES = """\
import json, keras, numpy as np
names = json.load(open("model_card.json"))["class_names"]
model = keras.saving.load_model("{model}", compile=False, safe_mode=True)
images = np.zeros((1, {shape}))  # yours: raw pixels from 0 to {scale:g}, nothing scaled or shifted
print([names[i] for i in model.predict(images).argmax(axis=1)])
"""
_TEXT_LINES = """\
import json, keras, numpy as np
names, ids = json.load(open("model_card.json"))["class_names"], json.load(open("word_index.json"))
model = keras.saving.load_model("{model}", compile=False, safe_mode=True)
words = ([1] + [ids.get(word, 2) for word in "yours in lower case without punctuation".split()])[-{length}:]
print(names[model.predict(np.array([words + [0] * ({length} - len(words))])).argmax()])
"""


def usage_lines(folder: RunFolder, dataset: str) -> str:
    """Return five lines of Python that load the final model and classify something with it.

    Raises LabError when the run has no final model.
    """
    model = final_model(folder)
    entry = DATASETS[dataset]
    if entry.kind == "image":
        shape = ", ".join(str(side) for side in entry.shape)
        return _IMAGE_LINES.format(model=model.name, shape=shape, scale=entry.scale)
    return _TEXT_LINES.format(model=model.name, length=_sequence_length(folder))


def final_model(folder: RunFolder) -> Path:
    """Return the path of the run's final model. Raises LabError when there is none."""
    model = next(iter(sorted(folder.optimized_model.glob("*.keras"))), None)
    if model is None:
        raise LabError(f"{folder.optimized_model} holds no model; let the run end, or resume it")
    return model


def package(settings: Settings, run: str, dataset: str) -> bytes:
    """Return everything about the final model of `run` as a ZIP.

    Raises LabError when there is no final model, or when what says about it is damaged.
    """
    folder = RunFolder(settings, run)
    try:
        return _packed(settings, folder, run, dataset)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, LabError):
            raise
        raise LabError(f"the files in {folder.optimized_model} are damaged ({error!r:.100}); resume the run") from None


def _packed(settings: Settings, folder: RunFolder, run: str, dataset: str) -> bytes:
    lines = usage_lines(folder, dataset)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.optimized_model.rglob("*")):
            if path.is_file() and "tensorboard" not in path.relative_to(folder.optimized_model).parts:
                _add(archive, path, path.relative_to(folder.optimized_model).as_posix())
        measured = folder.trial(_card(folder)["trial"]["number"]) / RESULT_FILE
        for path in (measured, folder.path / "config.json", folder.summary, folder.table):
            if path.is_file() and path.name not in archive.namelist():
                _add(archive, path, path.name)
        if DATASETS[dataset].kind == "text":
            archive.writestr(WORDS, json.dumps(_words(settings, dataset, folder)))
        archive.writestr(README, _readme(folder, run, dataset, lines))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    archive.write(path, name, zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED)


def _sequence_length(folder: RunFolder) -> int:
    return int(_read(folder, SPEC_FILE)["model"]["sequence_length"])


def _card(folder: RunFolder) -> dict[str, Any]:
    return _read(folder, "model_card.json")


def _read(folder: RunFolder, name: str) -> dict[str, Any]:
    path = folder.optimized_model / name
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path} cannot be read ({error}); start the run anew") from None
    return document


def _words(settings: Settings, dataset: str, folder: RunFolder) -> dict[str, int]:
    """Return the token ids of the words that the network knows."""
    own = folder.path / WORD_INDEX_FILE  # fitted on the run's training rows
    try:
        index = WordIndex.load(own.parent if own.is_file() else dataset_home(settings, dataset) / "arrays")
    except (OSError, ValueError):
        raise LabError(f"the word index of {dataset} is gone; fetch it with `python -m core fetch {dataset}`") from None
    known = int(_read(folder, SPEC_FILE)["model"]["vocabulary"])
    return {word: token for word, token in index.ids.items() if token < known}


def _readme(folder: RunFolder, run: str, dataset: str, lines: str) -> str:
    trial = _card(folder)["trial"]
    architecture = load_architecture(folder.optimized_model)
    layers = ", ".join(layer.name for layer in architecture.layers) if architecture else "see the model file"
    return f"""# {run}: the network of trial {trial["number"]}

A classifier for {DATASETS[dataset].label}, found and trained by Model Health Lab.
Validation accuracy {_share(trial["accuracy"])}, test accuracy {_share(trial["test_accuracy"])} (the test rows never
chose a network), health score {_number(trial["health"])}, total score {_number(trial["total_score"])},
{trial["parameters"]:,} parameters.

## Use it

In this folder, with `pip install keras tensorflow`:

```python
{lines}```

## What is in here

- `*.keras`: the network with its weights; layers: {layers}
- `model_card.json`: run, data set, class names, scores and settings of the trial
- `spec.json`, `result.json`: what was trained, with which seed, and everything that was measured
- `architecture.json`: the layers as data
- `plots/`: diagnostics as data, where they were kept
- `config.json`, `summary.json`, `trials.csv`: the whole search
{"- `word_index.json`: the token id of every word that the network knows" if DATASETS[dataset].kind == "text" else ""}
"""


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
