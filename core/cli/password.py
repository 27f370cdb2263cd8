"""`password`: make the line that puts a password on the web app."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError, LabError
from core.passwords import PasswordHash


def add_commands(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("password", help="make the hash that puts a password on the web app")
    parser.add_argument("--file", type=Path, metavar="PATH", help="write the hash into this new file instead")
    parser.set_defaults(run=make_password)


def make_password(arguments: argparse.Namespace) -> int:
    """Ask for a password twice (a pipe is read once) and print the variable to set, or write the hash to a file."""
    stored = PasswordHash.of(_ask())
    if arguments.file is None:
        print(f"MHL_PASSWORD_HASH='{stored}'")
        print("Set this for the app; the quotes keep the shell away from the $ signs.", file=sys.stderr)
        return 0
    _write(arguments.file, f"{stored}\n")
    print(f"MHL_PASSWORD_HASH_FILE={arguments.file.resolve()}")
    return 0


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    try:
        password, again = getpass.getpass("Password for the app: "), getpass.getpass("The same again: ")
    except EOFError:
        raise InvalidInputError("no password was given; run the command again") from None
    if again != password:
        raise InvalidInputError("the two passwords differ; run the command again")
    return password


def _write(path: Path, text: str) -> None:
    """Write a file that only this user may read; one that exists is left alone."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        raise InvalidInputError(f"{path} exists; remove it first, or name another file") from None
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}; name a file in a folder that you own") from None
