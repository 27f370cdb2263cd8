"""A folder as one ZIP file and back. What comes back was on somebody else's disk, so it is trusted with nothing."""

from __future__ import annotations

import errno
import hashlib
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING
from uuid import uuid4

from core.errors import InvalidInputError, LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATE = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes, whenever it is packed
_CHUNK = 2**20
_SMALL = 64 * 2**20  # bytes up to which the ratio is not looked at: labels pack very well
_ENCRYPTED = 0x1
_TAIL = 22 + 65_535  # bytes of the archive's end: a record and a comment
_MANY = 0xFFFF  # the count that stands for more
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, struct.error, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackLimits:
    """What an archive may hold at most: files, bytes unpacked, and bytes unpacked for each packed one."""

    max_files: int = 10_000
    max_bytes: int = 16 * 2**30
    max_ratio: int = 200


def pack(folder: Path, target: Path, skip: Collection[str] = ()) -> tuple[int, str]:
    """Write the files below `folder` to the ZIP file `target`; return its size in bytes and its SHA-256.

    `skip` names files and folders to leave out, relative to `folder`. The same files give the same archive.
    Raises InvalidInputError for links and special files, LabError when the disk refuses.
    """
    part = target.with_name(f"{target.name}.part")
    with _disk(target.parent):
        try:
            with zipfile.ZipFile(part, "w") as archive:
                for name, path in _files(folder, skip):
                    info = zipfile.ZipInfo(name, _DATE)
                    info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                    info.compress_type = zipfile.ZIP_DEFLATED
                    info.file_size = path.stat().st_size  # decides whether it needs the format for large files
                    with path.open("rb") as source, archive.open(info, "w") as packed:
                        shutil.copyfileobj(source, packed, _CHUNK)
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = part.stat().st_size
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return size, digest


def unpack(archive: Path, target: Path, limits: UnpackLimits | None = None) -> None:
    """Unpack the ZIP file `archive` to the new folder `target`, which appears complete or not at all.

    Raises InvalidInputError for an archive that is damaged, beyond `limits` or holds anything but files with clean
    relative names; LabError when the disk refuses or `target` exists.
    """
    limits = limits or UnpackLimits()
    fresh = target.with_name(f".{target.name}.{uuid4().hex}")
    with _disk(target.parent):
        try:
            fresh.mkdir(parents=True)
            with _readable(archive), zipfile.ZipFile(archive) as opened:
                _check_count(archive, len(opened.infolist()))
                members = _checked(opened.infolist(), archive.name, limits)
                room = min(limits.max_bytes, max(_SMALL, limits.max_ratio * archive.stat().st_size))
                for info in members:
                    path = fresh / info.filename
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(info) as packed, path.open("xb") as file:
                        room -= _copy(packed, file, room, archive.name)
            if target.exists():
                raise LabError(f"{target} exists; remove it before its archive is unpacked")
            fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def _files(folder: Path, skip: Collection[str]) -> Iterator[tuple[str, Path]]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name, path in sorted(found.items()):
        if any(str(above) in skip for above in (PurePosixPath(name), *PurePosixPath(name).parents)):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise InvalidInputError(f"{path} is a link or no ordinary file, which is not packed; remove it")
        if path.is_file():
            yield name, path


def _checked(infos: Iterable[zipfile.ZipInfo], archive: str, limits: UnpackLimits) -> list[zipfile.ZipInfo]:
    """Return the members that are files; all names are checked before the first byte is written."""
    files, seen = [], set[str]()
    for info in infos:
        reason = _reason(info) or ("occurs twice" if info.filename in seen else None)
        if reason:
            raise InvalidInputError(f"the archive {archive} holds {info.filename!r:.80}, which {reason}; pack it again")
        seen.add(info.filename)
        if not info.is_dir():
            files.append(info)
    nested = {str(above) for info in files for above in PurePosixPath(info.filename).parents}
    both = next((info.filename for info in files if info.filename in nested), None)
    if both is not None:
        raise InvalidInputError(f"the archive {archive} holds {both!r:.80} as a file and as a folder; pack it again")
    if len(files) > limits.max_files:
        raise InvalidInputError(f"the archive {archive} holds {len(files):,} files, allowed are {limits.max_files:,}")
    declared = sum(info.file_size for info in files)
    if declared > limits.max_bytes:
        raise InvalidInputError(
            f"the archive {archive} unpacks to {declared:,} bytes, allowed are {limits.max_bytes:,}"
        )
    return files


def _check_count(archive: Path, found: int) -> None:
    """Compare with the count at the archive's end: zipfile stays silent about lines that damage has swallowed."""
    with archive.open("rb") as file:
        file.seek(max(0, archive.stat().st_size - _TAIL))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    (count,) = struct.unpack_from("<H", tail, end + 10)
    if count not in (found, _MANY):
        raise zipfile.BadZipFile(f"it lists {found} files instead of {count}")


def _reason(info: zipfile.ZipInfo) -> str | None:
    """Why a member is not taken, or None."""
    name = info.filename.removesuffix("/") if info.is_dir() else info.filename
    mode = info.external_attr >> 16  # as Unix programs write it; 0 where others did not
    if info.orig_filename != info.filename or not name.isprintable() or any(sign in name for sign in "\\:"):
        return "is no plain name"
    if any(step in ("", ".", "..") for step in name.split("/")):
        return "is no clean relative name"
    if stat.S_IFMT(mode) and not (stat.S_ISREG(mode) or (info.is_dir() and stat.S_ISDIR(mode))):
        return "is a link or no ordinary file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed with method {info.compress_type}"
    return None


def _copy(packed: IO[bytes], file: IO[bytes], room: int, archive: str) -> int:
    """Copy a member and return its real size, whatever the archive's directory says."""
    size = 0
    while chunk := packed.read(_CHUNK):
        size += len(chunk)
        if size > room:
            raise InvalidInputError(f"the archive {archive} unpacks to far more than it may, as a ZIP bomb does")
        file.write(chunk)
    return size


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except InvalidInputError:
        raise
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which is a seek to where no file goes
            raise
        text = str(error) if str(error).isprintable() else type(error).__name__
        raise InvalidInputError(
            f"the archive {archive.name} is damaged ({text[:120]}); fetch or pack it again"
        ) from None


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LabError(f"cannot work in {folder}: {error}; free some disk space or mend its rights") from None
