"""The process of one TensorBoard: `python -m app.mounts.tensorboard_child LOG_FOLDER PATH_PREFIX`.

It serves on a free port of this machine only, writes that port as its one line of output, and ends when its input
does, that is when its parent closes it or dies in whatever way. (The kernel's parent-death signal would not do: it
is sent when the *thread* that started the process ends, and here that is a short-lived one.)
"""

from __future__ import annotations

import os
import signal
import sys
import types
from urllib.parse import urlsplit

_NICENESS = 5  # the pages and the training go first
_RELOAD_SECONDS = "5"


def main(logs: str, prefix: str) -> None:
    """Serve the event files below `logs` under `prefix`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which closes our input then
    os.nice(_NICENESS)
    # TensorBoard looks for this module to learn that it shall do without TensorFlow: 88 MB instead of 500, and no GPU
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
    from tensorboard import program

    board = program.TensorBoard()
    # load_fast would start a data server that outlives us
    flags = {"logdir": logs, "host": "127.0.0.1", "port": "0", "path_prefix": prefix, "load_fast": "false"}
    flags["reload_interval"] = _RELOAD_SECONDS
    board.configure(argv=["tensorboard", *(f"--{name}={value}" for name, value in flags.items())])
    print(urlsplit(board.launch()).port, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
