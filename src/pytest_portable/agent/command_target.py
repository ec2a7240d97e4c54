"""Any command that starts a Python: a container, `ssh`, another user.

Nothing but the command's standard streams is shared with the target: our code goes in through
standard input, and files of the target are not read from here.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from pytest_portable.agent.in_target import bootstrap
from pytest_portable.agent.variables import tool_environment
from pytest_portable.errors import OptionError
from pytest_portable.report.redaction import redact

__all__ = ["CommandTarget"]

# Few characters with a meaning for shells, because one may read it.
_LINE: Final = (
    'import os;r=lambda n,s=b"":s if len(s)==n else r(n,s+(os.read(0,n-len(s))or os._exit(86)));'
    "exec(r(int(r(8))));rest()"
)


@dataclass(frozen=True, init=False)
class CommandTarget:
    """A target that a command starts: any command that runs a Python on its standard streams.

    Attributes:
        command: the words that start the Python, such as `("docker", "run", "-i", "image",
            "python3")`; we add `-s -c CODE`.
        through_shell: whether a shell on the way reads the words that we add, as the one behind
            `ssh` does; they are quoted for it.
        keep: names of the target's variables that its Python keeps, besides `PATH`, `TZ` and
            `LD_LIBRARY_PATH`.

    Example:
        >>> CommandTarget(["ssh", "node1", "python3.12"]).through_shell
        True
    """

    command: tuple[str, ...]
    through_shell: bool
    keep: tuple[str, ...]

    def __init__(
        self,
        command: Iterable[str | Path],
        *,
        through_shell: bool | None = None,
        keep: Iterable[str] = (),
    ) -> None:
        """Check the command.

        Args:
            command: words, the first of them found on `PATH`; it is started without a shell.
            through_shell: `None` means true where the command is `ssh`.
            keep: names of variables.

        Raises:
            OptionError: the command is a string or empty.
        """
        if isinstance(command, str | bytes):
            raise OptionError(f"the command is a list of words; write {shlex.split(str(command))}")
        words = tuple(os.fspath(word) for word in command)
        if not words or not words[0]:
            raise OptionError("the command is empty; valid: the words that start a Python")
        if isinstance(keep, str):
            raise OptionError(f"keep is a list of names of variables; write [{keep!r}]")
        is_ssh = PurePath(words[0]).stem.lower() == "ssh"
        object.__setattr__(self, "command", words)
        object.__setattr__(
            self, "through_shell", is_ssh if through_shell is None else through_shell
        )
        object.__setattr__(self, "keep", tuple(keep))

    def __str__(self) -> str:
        """Return the command as a person types it, credentials cut."""
        return redact(shlex.join(self.command))

    @property
    def argv(self) -> list[str]:
        """The process to start; it reads what `opening` returns first."""
        added = ["-s", "-c", _LINE]
        return [*self.command, *(map(shlex.quote, added) if self.through_shell else added)]

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of the command itself: `ssh` needs its agent, `docker` its host."""
        return tool_environment(os.environ)

    def opening(self, files: Iterable[tuple[str, str]], variables: Mapping[str, str]) -> bytes:
        """Return what the process reads first: which variables it gets, and the files that it runs.

        Args:
            files: what tracebacks call each, and its text; run in this order, as one program that
                finds the rest of standard input as it was sent.
            variables: its environment variables, beside the kept ones.
        """
        names, sources = zip(*files, strict=True)
        again = {"keep": self.keep, "set": dict(variables), "line": _LINE}
        own = Path(bootstrap.__file__).read_text(encoding="utf-8")
        texts = [own, json.dumps(again), own, json.dumps({"names": names}), *sources]
        return b"".join(b"%08d%s" % (len(each), each) for each in map(str.encode, texts))
