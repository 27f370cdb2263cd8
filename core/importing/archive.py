"""A ZIP archive that nobody vouches for: looked through before it is opened, and read in memory, never extracted."""

from __future__ import annotations

import contextlib
import stat
import struct
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from core.errors import InvalidInputError
from core.importing.layout import Parts
from core.importing.options import ImportLimits
from core.importing.problems import Unusable, printable
from core.importing.tree import Inventory, Member

_END, _END64, _LOCATOR64, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_LONGEST_COMMENT = 65_536
_BYTES_PER_ENTRY = 1_000  # of the archive's directory; a usual entry has 100
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # unpacked piece by piece; others expand without bound
_ENCRYPTED, _UTF8 = 0x1, 0x800
# All that zipfile raises on a damaged archive, or one with features it does not know.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, struct.error, NotImplementedError, RuntimeError,
)  # fmt: skip


class ZipTree:
    """The members of a ZIP file. Raises InvalidInputError for a file that is no intact ZIP or has too many members."""

    def __init__(self, path: Path, limits: ImportLimits) -> None:
        self._limits = limits
        try:
            with path.open("rb") as file:
                _check_directory(file, limits.max_files)
            self._zip = zipfile.ZipFile(path)
        except InvalidInputError:
            raise
        except UnicodeDecodeError:
            raise InvalidInputError(
                f"{path.name} holds a file name that is marked as UTF-8 but is none; pack the files again"
            ) from None
        except _BROKEN as error:
            raise InvalidInputError(
                f"{path.name} is not a readable ZIP file ({printable(str(error))[:80]}); it may be damaged, cut off or "
                "changed by others: copy or pack it again"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def inventory(self) -> Inventory:
        """Look at all members. InvalidInputError for overlapping members and for more bytes than allowed."""
        infos = self._zip.infolist()
        self._check_overlap(infos)
        found, seen = Inventory(), set[Parts]()
        for info in infos:
            name = _name(info)
            if info.is_dir() or name.endswith("/"):
                continue
            path = _path(name)
            if path is None:
                found.problems.add(name, "the path is absolute or leads out of the archive")
            elif path in seen:
                found.refuse(path, "the name occurs twice in the archive; the first one counts")
            elif special := _special(info):
                found.refuse(path, special)
            else:
                seen.add(path)
                found.sort(path, info, self._reason(info))
        total = sum(member.key.file_size for member in found.members)
        if total > self._limits.max_bytes:
            raise InvalidInputError(
                f"the images of the archive unpack to {total:,} bytes, allowed are {self._limits.max_bytes:,}; use "
                "fewer images, or raise MHL_IMPORT_MAX_BYTES"
            )
        return found.in_order()

    def read(self, member: Member, most: int | None = None) -> bytes:
        """Return the content; no more than the declared size is ever unpacked, whatever the data says."""
        try:
            with self._zip.open(member.key) as stream:
                return stream.read(member.key.file_size if most is None else min(most, member.key.file_size))
        except _BROKEN as error:
            raise Unusable(f"damaged in the archive: {_short(error)}") from None

    def _reason(self, info: zipfile.ZipInfo) -> str | None:
        if info.flag_bits & _ENCRYPTED:
            return "encrypted; pack it again without a password"
        if info.compress_type not in _METHODS:
            return f"packed with method {info.compress_type}; pack it again with the usual one (deflate)"
        if info.file_size > self._limits.max_file_bytes:
            return f"{info.file_size:,} bytes, allowed are {self._limits.max_file_bytes:,}"
        if info.file_size > self._limits.max_ratio * max(info.compress_size, 1):
            return f"unpacks to more than {self._limits.max_ratio} times its size, as a ZIP bomb does"
        return None

    def _check_overlap(self, infos: list[zipfile.ZipInfo]) -> None:
        # Members that share their packed bytes are how a small archive unpacks to terabytes; no packer makes them.
        ordered = sorted(infos, key=lambda info: info.header_offset)
        for one, following in pairwise(ordered):
            if one.header_offset + 30 + one.compress_size > following.header_offset:
                raise InvalidInputError(
                    f"the members {printable(_name(one))[:80]} and {printable(_name(following))[:80]} overlap in the "
                    "archive, as in a ZIP bomb; pack the files again"
                )


def _special(info: zipfile.ZipInfo) -> str | None:
    mode = info.external_attr >> 16  # as Unix programs write it; 0 where others did not
    if not stat.S_IFMT(mode) or stat.S_ISREG(mode):
        return None
    return "a symbolic link" if stat.S_ISLNK(mode) else "not an ordinary file"


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member; many programs write UTF-8 without saying so."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        with contextlib.suppress(UnicodeError):  # it is cp437 then, as the format says
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")  # some programs on Windows write backslashes


def _path(name: str) -> Parts | None:
    """Return the steps of a path, or None where it is absolute or climbs. Nothing is ever written to it."""
    steps = tuple(step for step in name.split("/") if step not in ("", "."))
    if name.startswith("/") or ".." in steps or not steps or steps[0][1:2] == ":":
        return None
    return steps


def _short(error: Exception) -> str:
    text = str(error)
    return "checksum does not fit" if "CRC" in text else printable(text)[:80] or type(error).__name__


def _check_directory(file: BinaryIO, most: int) -> None:
    """Find the archive's directory where zipfile finds it, and check it before zipfile reads it whole."""
    file.seek(0, 2)
    tail_start = max(0, file.tell() - _LONGEST_COMMENT - 22)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise zipfile.BadZipFile("its directory at the end is missing")
    told, size = struct.unpack_from("<HL", tail, at + 10)
    end, bits = tail_start + at, 16
    if at >= 76 and tail[at - 20 : at - 16] == _LOCATOR64 and tail[at - 76 : at - 72] == _END64:
        told, size = struct.unpack_from("<QQ", tail, at - 76 + 32)
        end, bits = end - 76, 64
    found = _count_entries(file, end - size, size, most)
    if found % 2**bits != told:  # some programs let a count of 16 bits wrap round
        raise zipfile.BadZipFile(f"it says that it holds {told:,} members, its directory lists {found:,}")


def _count_entries(file: BinaryIO, start: int, size: int, most: int) -> int:
    """Walk the directory without keeping it, and return how many members it lists."""
    if size > most * _BYTES_PER_ENTRY:
        raise InvalidInputError(
            f"the directory of the archive has {size:,} bytes, allowed are {most * _BYTES_PER_ENTRY:,}; use fewer files"
        )
    if start < 0:
        raise zipfile.BadZipFile("its directory begins before the file does")
    file.seek(start)
    count = 0
    while size >= 46:
        head = file.read(46)
        if len(head) < 46 or head[:4] != _ENTRY:
            raise zipfile.BadZipFile("its directory is damaged")
        lengths = sum(struct.unpack_from("<3H", head, 28))
        file.seek(lengths, 1)
        size -= 46 + lengths
        count += 1
        if count > most:
            raise InvalidInputError(
                f"the archive holds more than {most:,} files; use fewer, or raise MHL_IMPORT_MAX_FILES"
            )
    return count
