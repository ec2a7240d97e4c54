"""Take a program from standard input, where the target does not share our files.

The host starts any command that ends in a Python, with one line of code as its `-c`. That line
reads this file from standard input and runs it, twice: the first process starts the interpreter
once more, with the variables that it should have (the hash seed is read at start, and nothing else
may come in from where the command was started); the second one runs what follows.

A frame is 8 decimal digits, the length of the text, and the text. Frames on descriptor 0, which is
read without a buffer, so that nothing of what follows is lost: this file, a JSON header with
`keep` (names of variables that stay) and `set` (variables); this file, a JSON header with `names`
(what tracebacks call each of the program's files), their sources.
"""

import json
import os
import sys
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What a process needs wherever it runs; all else of where it was started stays outside.
KEPT = ("PATH", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZDIR")
# Written before the script's own output: a login shell may have printed something before it.
MARK = b"<<pytest-portable-starts>>"


def take(size: int) -> bytes:
    """Read exactly `size` bytes; the process ends where the host is gone."""
    parts = []
    while size:
        part = os.read(0, min(size, 65536))
        if not part:
            os._exit(86)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def take_frame() -> str:
    """Read one frame."""
    return take(int(take(8))).decode("utf-8")


def start_again(header: "dict[str, Any]") -> None:
    """Replace this process by the same interpreter with the right variables."""
    import subprocess

    # Options of the interpreter that are part of the command, such as `-X utf8`.
    options: list[str] = getattr(subprocess, "_args_from_interpreter_flags", list)()
    variables = {name: os.environ[name] for name in (*KEPT, *header["keep"]) if name in os.environ}
    variables.update(header["set"])
    command = [
        sys.executable,
        *(each for each in options if each != "-s"),
        "-s",
        "-c",
        header["line"],
    ]
    os.execve(sys.executable, command, variables)


def run(names: "list[str]") -> "Any":
    """Run files in one namespace, and then the program; nothing of ours stays on `sys.path`.

    Returns:
        What does the rest, once the frames of this file are gone.
    """
    sys.path[:] = [entry for entry in sys.path if entry]
    os.write(1, MARK)
    scope = {"__name__": "__main__", "__file__": names[0], "__builtins__": __builtins__}
    for name in names:
        exec(compile(take_frame(), name, "exec"), scope)
    program: "dict[str, Any]" = scope
    return partial(program["act"], program["main"]())


def begin() -> "Any":
    """Do what the header says; see `run`."""
    header = json.loads(take_frame())
    if "set" in header:
        start_again(header)
    return run(header["names"])


if __name__ == "__main__":
    rest = begin()  # the line calls it
