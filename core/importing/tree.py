"""The files of a source, wherever they are: a ZIP archive or a folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from core.importing.layout import Parts, is_system, refusal
from core.importing.problems import Problems, natural


@dataclass(frozen=True, slots=True)
class Member:
    """A file that may be an image. `key` is what its tree reads it by."""

    path: Parts
    key: Any

    @property
    def name(self) -> str:
        """The path as it is shown."""
        return "/".join(self.path)


class Tree(Protocol):
    """Where images are read from."""

    def inventory(self) -> Inventory:
        """Look at all names; nothing is read. InvalidInputError when there are too many."""

    def read(self, member: Member, most: int | None = None) -> bytes:
        """Return the content (or its first `most` bytes). Raises Unusable. May be called by several threads."""


@dataclass(slots=True)
class Inventory:
    """What a tree holds: images to be, and what is left out."""

    members: list[Member] = field(default_factory=list)
    ignored: int = 0
    problems: Problems = field(default_factory=Problems)

    def sort(self, path: Parts, key: Any, reason: str | None = None) -> None:
        """Put a file where it belongs; `reason`: why it cannot be read, where that is known already."""
        if is_system(path):
            self.ignored += 1
            return
        refused = refusal(path[-1])
        if refused == "":
            self.ignored += 1
        elif reason or refused:
            self.problems.add("/".join(path), reason or refused or "")
        else:
            self.members.append(Member(path, key))

    def refuse(self, path: Parts, reason: str) -> None:
        """Count what cannot be read whatever it is, such as a link."""
        if is_system(path):
            self.ignored += 1
        else:
            self.problems.add("/".join(path), reason)

    def in_order(self) -> Inventory:
        """Sort the members, so that the same files give the same rows from every archive and system."""
        self.members.sort(key=lambda member: [natural(part) for part in member.path])
        return self
