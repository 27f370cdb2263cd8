"""The command line: `python -m core COMMAND`."""

import sys


def run() -> int:
    """Run the command; Ctrl-C before it has begun is not worth a traceback."""
    try:
        from core.cli import main

        return main()
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
