"""How a plug-in folder finds its files: one `Registry` per family, filled by importing the folder's modules."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from core.errors import InvalidInputError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping from name to plug-in; `register` is the only way in.

    >>> shapes: Registry[int] = Registry("shape")
    >>> shapes.register("square", 4)
    4
    >>> shapes["sqare"]
    Traceback (most recent call last):
        ...
    core.errors.InvalidInputError: unknown shape 'sqare'; known: square. Did you mean 'square'?
    """

    def __init__(self, family: str, package: str | None = None, skip: frozenset[str] = frozenset()) -> None:
        """`package` is the plug-in folder; its modules named in `skip` are machinery and are not imported."""
        self._family = family
        self._package = package
        self._skip = skip
        self._entries: dict[str, T] = {}
        self._discovered = package is None
        self._discovering = threading.RLock()

    def register(self, name: str, entry: T) -> T:
        """Add `entry` under `name`; a second entry of the same name is an error."""
        if name in self._entries:
            raise InvalidInputError(f"{self._family} {name!r} is registered twice; rename one of them")
        self._entries[name] = entry
        return entry

    def add(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under `name`."""
        return lambda entry: self.register(name, entry)

    def discover(self) -> None:
        """Import every module of the plug-in package once, so that each can register itself."""
        if self._discovered or self._package is None:
            return
        with self._discovering:  # another thread must not see half of the family
            if self._discovered:
                return
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__):
                if module.name not in self._skip:
                    importlib.import_module(f"{self._package}.{module.name}")
            self._discovered = True

    def __getitem__(self, name: str) -> T:
        self.discover()
        try:
            return self._entries[name]
        except KeyError:
            raise InvalidInputError(unknown_name(self._family, name, list(self))) from None

    def __contains__(self, name: object) -> bool:
        self.discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self.discover()
        return iter(self._entries)

    def __len__(self) -> int:
        self.discover()
        return len(self._entries)


def unknown_name(family: str, name: str, known: list[str]) -> str:
    """Say that `name` is unknown, list what is known and name the nearest."""
    near = difflib.get_close_matches(str(name)[:100], known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown {family} {name!r:.100}; known: {', '.join(sorted(known))}.{hint}"
