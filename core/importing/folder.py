"""A folder of files; links that lead out of it are not followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from core.errors import InvalidInputError
from core.importing.layout import is_system
from core.importing.options import ImportLimits
from core.importing.problems import Unusable
from core.importing.tree import Inventory, Member


class FolderTree:
    """The files below a folder."""

    def __init__(self, root: Path, limits: ImportLimits) -> None:
        self._root, self._limits = root.resolve(), limits

    def close(self) -> None:
        """Nothing is open."""

    def inventory(self) -> Inventory:
        """Look at all files. InvalidInputError for more files or bytes than allowed."""
        found, count, total = Inventory(), 0, 0
        for folder, folders, files in os.walk(self._root, onerror=lambda error: _closed(found, error)):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            hidden = [name for name in folders if is_system((name,)) and name not in links]
            found.ignored += len(hidden)
            folders[:] = [name for name in folders if name not in hidden and name not in links]
            count += len(folders) + len(links) + len(files)
            if count > self._limits.max_files:
                raise InvalidInputError(
                    f"{self._root.name} holds more than {self._limits.max_files:,} files; use fewer, or raise "
                    "MHL_IMPORT_MAX_FILES"
                )
            total += sum(self._sort(found, Path(folder, name)) for name in (*links, *files))
        if total > self._limits.max_bytes:
            raise InvalidInputError(
                f"the images in {self._root.name} have {total:,} bytes, allowed are {self._limits.max_bytes:,}; use "
                "fewer images, or raise MHL_IMPORT_MAX_BYTES"
            )
        return found.in_order()

    def read(self, member: Member, most: int | None = None) -> bytes:
        """Return the content; what has become a link or a pipe since the inventory is not opened."""
        limit = self._limits.max_file_bytes
        try:
            number = os.open(member.key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(number, "rb") as file:
                if not stat.S_ISREG(os.fstat(number).st_mode):
                    raise Unusable("not an ordinary file")
                content = file.read(limit + 1 if most is None else most)
        except OSError as error:
            raise Unusable(f"cannot be read: {error.strerror or error}") from None
        if len(content) > limit:
            raise Unusable(f"more than {limit:,} bytes")
        return content

    def _sort(self, found: Inventory, path: Path) -> int:
        """Put one file or link into the inventory; return its bytes if it is to be read."""
        steps = path.relative_to(self._root).parts
        try:
            target = path.resolve(strict=True) if path.is_symlink() else path
            status = target.lstat()
        except (OSError, RuntimeError):  # a broken link, or a circle of links
            found.refuse(steps, "a link that leads nowhere")
            return 0
        if not target.is_relative_to(self._root):
            found.refuse(steps, "a link that leads out of the folder")
        elif not stat.S_ISREG(status.st_mode):
            found.refuse(steps, "a link to a folder" if stat.S_ISDIR(status.st_mode) else "not an ordinary file")
        elif status.st_size > self._limits.max_file_bytes:
            found.sort(steps, target, f"{status.st_size:,} bytes, allowed are {self._limits.max_file_bytes:,}")
        else:
            found.sort(steps, target)
            return status.st_size
        return 0


def _closed(found: Inventory, error: OSError) -> None:
    found.problems.add(Path(error.filename or "").name, f"the folder cannot be read: {error.strerror or error}")
