"""The command line, which needs no pytest: `pytest-portable COMMAND`, `python -m pytest_portable`.

Exit status: 0 portable (or done), 1 not portable, 2 misuse, set-up failure or malformed input, 130
after Ctrl-C, 141 where whoever reads the output has gone.

Every command is a module of this package with two functions: `add_parser(commands)` adds its
arguments and `run(given)` returns the exit status. Slow imports wait until `run` is called.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from pytest_portable.cli import (
    bundle,
    check,
    envs,
    init,
    inspect,
    pythons,
    report,
    requirements,
    verify,
)
from pytest_portable.cli.hints import HintingParser
from pytest_portable.errors import OptionError, PayloadError, SetupError

__all__ = ["main"]

DISTRIBUTION: Final = "pytest-portable"
MISUSE: Final = 2
# As a shell tells of a process that a signal ended: 128 and the number of SIGINT, of SIGPIPE.
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141


_COMMANDS: Final = {
    "bundle": bundle,
    "check": check,
    "envs": envs,
    "init": init,
    "inspect": inspect,
    "pythons": pythons,
    "report": report,
    "requirements": requirements,
    "verify": verify,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = HintingParser(
        prog="pytest-portable",
        description="Check objects in other environments, and look after these environments.",
        epilog="`pytest-portable COMMAND --help` says more.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version(DISTRIBUTION)}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in _COMMANDS.values():
        command.add_parser(commands)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files need not be texts
            stream.reconfigure(errors="backslashreplace")
    given = parser.parse_args(arguments)
    try:
        status: int = _COMMANDS[given.command].run(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python would complain again when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    except OptionError as error:
        count = len(error.mistakes)
        lines = [f"{count} mistakes", *error.mistakes] if count > 1 else error.mistakes
        print("pytest-portable: " + "\n  ".join(lines), file=sys.stderr)
    except (SetupError, PayloadError) as error:
        print(f"pytest-portable: {error}", file=sys.stderr)
    except OSError as error:  # a file that cannot be read or written
        place = f"{error.filename}: " if error.filename else ""
        told = SetupError(f"{place}{error.strerror or error}")
        print(f"pytest-portable: {told}", file=sys.stderr)
    else:
        return status
    return MISUSE
