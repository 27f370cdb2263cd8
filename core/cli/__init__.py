"""`python -m core`: parse the words, call the core, print. Exit codes: 0 done, 2 invalid input, 1 anything else."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

import optuna

from core.cli import ablate, analyse, data, foreign, importing, optimize, password, remote, report, runs, study, support
from core.config import Settings
from core.datasets import DATASETS
from core.errors import InvalidInputError, LabError
from core.logs import set_up


class _Parser(argparse.ArgumentParser):
    """Answers a wrong call in one line, like every other invalid input."""

    def error(self, message: str) -> NoReturn:
        raise InvalidInputError(f"{message}; see `{self.prog} --help`")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = _Parser(prog="python -m core", description="Model Health Lab on the command line.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for module in (optimize, runs, data, importing, foreign, remote, study, analyse, ablate, password, support, report):
        module.add_commands(commands)
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    set_up("cli")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        DATASETS.follow(Settings.from_environment().data_dir)
        arguments = build_parser().parse_args(words)
        code: int = arguments.run(arguments)
    except InvalidInputError as error:
        return _fail(error, 2)
    except LabError as error:
        return _fail(error, 1)
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        sys.stderr.close()
        return 1
    return code


def _fail(error: LabError, code: int) -> int:
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    return code
