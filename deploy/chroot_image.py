"""Follow a Dockerfile into a folder: RUN in a chroot, COPY as copies. Needs root, and no container engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from deploy.recipe import Stage, Step, build_context, read_dockerfile


@dataclass(slots=True)
class Image:
    """A root file system and what the instructions say about running it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    volumes: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def run(self, command: list[str]) -> None:
        """Run a command while the image is made. Raises CalledProcessError."""
        inside = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', self.folder, *command]
        subprocess.run(
            ["chroot", f"--userspec={self.user}", str(self.root), *inside],
            env=self.environment | _machine_environment(),
            check=True,
        )

    def place(self, target: str) -> Path:
        """Return where a path of the image lies on this machine."""
        return self.root / str(Path(self.folder) / target).lstrip("/")


def build(repository: Path, base: Path, work: Path, arguments: dict[str, str]) -> Image:
    """Make the image of the Dockerfile below `work`, each stage from a copy of `base`. Return the last stage's."""
    made: dict[str | None, Image] = {}
    for stage in read_dockerfile(repository / "Dockerfile"):
        root = work / (stage.name or "final")
        print(f"== FROM {stage.base}, here {base}, as {root}", flush=True)
        subprocess.run(["cp", "--archive", "--reflink=auto", str(base), str(root)], check=True)
        image = made[stage.name] = Image(root)
        _follow(stage, image, repository, made, arguments)
    return image


def _follow(
    stage: Stage, image: Image, repository: Path, made: dict[str | None, Image], arguments: dict[str, str]
) -> None:
    for number, step in enumerate(stage.steps):
        print(f"== {step.name} {step.text[:150]}", flush=True)
        until_now = Stage(stage.base, stage.name, stage.steps[: number + 1])
        image.environment = until_now.environment() | {
            name: value for name, value in arguments.items() if name in until_now.environment()
        }
        match step.name:
            case "RUN":
                image.run(["/bin/sh", "-c", step.text])
            case "COPY":
                _copy(step, image, repository, made)
            case "WORKDIR":
                image.folder = step.text
                image.place(step.text).mkdir(parents=True, exist_ok=True)
            case "USER":
                image.user = step.text
            case "VOLUME":
                image.volumes = step.words()
            case "ENTRYPOINT" | "CMD":
                image.command += step.words()
            case "HEALTHCHECK":
                image.health = Step("CMD", step.text.partition(" CMD ")[2]).words()
            case "ENV" | "ARG" | "LABEL" | "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise ValueError(f"cannot follow {step.name}; teach deploy/chroot_image.py, or leave it out")


def _copy(step: Step, image: Image, repository: Path, made: dict[str | None, Image]) -> None:
    words = step.text.split()
    if words[0].startswith("--from="):
        source = made[words[0].removeprefix("--from=")].root / words[1].lstrip("/")
        subprocess.run(["cp", "--archive", "--reflink=auto", str(source), str(image.place(words[2]))], check=True)
        return
    *sources, target = words
    allowed = list(build_context(repository))
    for source in sources:
        files = [path for path in allowed if path == Path(source) or Path(source) in path.parents]
        if not files:
            raise FileNotFoundError(f"COPY {source}: .dockerignore lets nothing of it through")
        for path in files:
            into = Path(target, path.name) if target.endswith("/") else Path(target, path.relative_to(source))
            place = image.place(str(into))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(repository / path, place)


def _machine_environment() -> dict[str, str]:
    """What this machine needs to reach its package index; an image made elsewhere has nothing of it."""
    return {name: value for name, value in os.environ.items() if name in ("PIP_DEFAULT_TIMEOUT", "PIP_CERT")}
