"""Read a Dockerfile and a .dockerignore, so that both can be checked and followed without a container engine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a Dockerfile; `text` is what stands behind it, on one line."""

    name: str
    text: str

    def words(self) -> list[str]:
        """Return the words of an exec form. Raises ValueError for a shell form."""
        words = json.loads(self.text)
        if not isinstance(words, list):
            raise ValueError(f"{self.name} must be in exec form, got {self.text!r}")
        return words


@dataclass(slots=True)
class Stage:
    """What stands between two FROM."""

    base: str
    name: str | None
    steps: list[Step] = field(default_factory=list)

    def all(self, name: str) -> list[Step]:
        """Return the instructions of that name in order."""
        return [step for step in self.steps if step.name == name]

    def environment(self) -> dict[str, str]:
        """Return what ENV and the defaults of ARG set; a `$NAME` in a value is replaced by what stood before."""
        values: dict[str, str] = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        for step in self.steps:
            if step.name in ("ENV", "ARG"):
                for key, value in re.findall(r'([A-Z_]+)=("[^"]*"|\S*)', step.text):
                    values[key] = re.sub(r"\$(\w+)", lambda found: values.get(found[1], ""), value.strip('"'))
        return values


def read_dockerfile(path: Path) -> list[Stage]:
    """Return the stages of a Dockerfile without here-documents."""
    stages: list[Stage] = []
    for line in _logical_lines(path.read_text(encoding="utf-8")):
        name, _, text = line.partition(" ")
        if name.upper() == "FROM":
            base, *alias = re.split(r"\s+AS\s+", text.strip(), flags=re.IGNORECASE)
            stages.append(Stage(base, alias[0] if alias else None))
        else:
            stages[-1].steps.append(Step(name.upper(), text.strip()))
    return stages


def _logical_lines(text: str) -> Iterator[str]:
    """Join continued lines and drop comments, which may stand between them."""
    parts: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        parts.append(line.rstrip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            if joined := " ".join(filter(None, parts)):
                yield joined
            parts = []


def build_context(folder: Path) -> Iterator[Path]:
    """Return the files that .dockerignore lets through, relative to `folder`."""
    lines = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    for at, folders, files in os.walk(folder):
        here = Path(at).relative_to(folder)
        folders[:] = [
            name for name in folders if _let_through(here / name, rules) or _exceptions_in(here / name, rules)
        ]
        yield from (here / name for name in files if _let_through(here / name, rules))


def _let_through(path: Path, rules: list[str]) -> bool:
    """The last rule that fits the path, or a folder above it, decides."""
    names = [path.as_posix(), *(parent.as_posix() for parent in path.parents)][:-1]
    through = True
    for rule in rules:
        pattern = _regular(rule.removeprefix("!").strip("/"))
        if any(pattern.fullmatch(name) for name in names):
            through = rule.startswith("!")
    return through


def _exceptions_in(path: Path, rules: list[str]) -> bool:
    return any(rule.startswith(f"!{path.as_posix()}/") for rule in rules)


def _regular(rule: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", rule)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
