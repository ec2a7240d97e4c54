"""Any command that starts a Python: a container, `ssh`, another user.

Nothing but the command's standard streams is shared with the target: our code goes in through
standard input, and nobody's files are looked at from here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.agent.in_target import bootstrap
from pytest_portable.environment.layout import distributions_of
from pytest_portable.environment.probing import PROBE_BEGIN, PROBE_END, PROBE_SOURCE, Interpreter
from pytest_portable.environment.processes import tool_environment
from pytest_portable.environment.redaction import redact
from pytest_portable.environment.request import Environment
from pytest_portable.environment.requirements import canonical_digest
from pytest_portable.errors import OptionError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CommandTarget", "ask_command"]

_TIMEOUT_SECONDS = 120.0
# Few characters that a shell could mistake, because it may have to pass through one.
_LINE: Final = (
    'import os;r=lambda n,s=b"":s if len(s)==n else r(n,s+(os.read(0,n-len(s))or os._exit(86)));'
    "exec(r(int(r(8))))"
)
_DISTRIBUTIONS = """
names = []
for entry in sys.path:
    try:
        names.append(os.listdir(entry or "."))
    except OSError:
        pass
print("<<pytest-portable-begin>>" + json.dumps({
    "executable": sys.executable, "prefix": sys.prefix, "names": names,
}) + "<<pytest-portable-end>>")
"""


@dataclass(frozen=True, init=False)
class CommandTarget:
    """A target that a command starts: anything that runs a Python on its standard streams.

    Attributes:
        command: the words that start the Python, such as `("docker", "run", "-i", "image",
            "python3")`; we add `-s -c CODE`.
        through_shell: whether a shell on the way reads the words that we add, as the one behind
            `ssh` does; they are quoted for it.
        keep: names of variables of the target that its Python keeps, beside `PATH`, `TZ` and
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
        """Take the command.

        Args:
            command: words, the first of them found on `PATH`; no shell of ours reads them.
            through_shell: `None` says yes where the command is `ssh`.
            keep: names of variables.

        Raises:
            OptionError: the command is a text or empty.
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
        """Show the command as one would type it, credentials cut."""
        return redact(shlex.join(self.command))

    @property
    def argv(self) -> list[str]:
        """The process to start; it reads `opening(...)` first."""
        added = ["-s", "-c", _LINE]
        return [*self.command, *(map(shlex.quote, added) if self.through_shell else added)]

    @property
    def variables(self) -> dict[str, str]:
        """What the command itself is started with: `ssh` needs its agent, a container its host."""
        return tool_environment(os.environ)

    def opening(self, name: str, source: str, variables: Mapping[str, str]) -> bytes:
        """Give what the process reads first: who it is to be, and the script that it runs.

        Args:
            name: what tracebacks call the script.
            source: the script; it finds the rest of standard input as it was sent.
            variables: its environment variables, beside the kept ones.
        """
        again = {"keep": self.keep, "set": dict(variables), "line": _LINE}
        own = Path(bootstrap.__file__).read_text(encoding="utf-8")
        texts = [own, json.dumps(again), own, json.dumps({"name": name}), source]
        return b"".join(b"%08d%s" % (len(each), each) for each in map(str.encode, texts))


def ask_command(target: CommandTarget) -> Environment:
    """Describe the Python that a command starts, and what is installed for it.

    Args:
        target: the command.

    Returns:
        An environment that is not ours; its paths are those of the target.

    Raises:
        SetupError: the command does not start a Python that answers.
    """
    facts, found = _ask(target)
    major, minor, micro = facts["version_info"]
    identity = json.dumps({**facts, "command": target.command}, sort_keys=True)
    interpreter = Interpreter(
        path=Path(found["executable"]),
        implementation=facts["implementation"],
        version=facts["version"],
        version_info=(major, minor, micro),
        platform=facts["platform"],
        identity=identity,
    )
    return Environment(
        key=canonical_digest(["command", identity, found["executable"]]),
        path=Path(found["prefix"]),
        executable=interpreter.path,
        interpreter=interpreter,
        distributions=distributions_of(found["names"]),
        command=target,
    )


def _ask(target: CommandTarget) -> tuple[dict[str, Any], dict[str, Any]]:
    source = PROBE_SOURCE + _DISTRIBUTIONS
    try:
        done = subprocess.run(
            target.argv,
            capture_output=True,
            check=False,
            cwd=tempfile.gettempdir(),
            env=target.variables,
            input=target.opening("<pytest-portable>", source, {"LANG": "C.UTF-8"}),
            timeout=_TIMEOUT_SECONDS,
        )
    except OSError as error:
        raise SetupError(f"cannot start {target}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{target} did not answer in {_TIMEOUT_SECONDS:.0f} s") from error
    answers = []
    for part in done.stdout.decode("utf-8", "replace").split(PROBE_BEGIN)[1:]:
        with contextlib.suppress(ValueError):
            answers.append(json.loads(part.partition(PROBE_END)[0]))
    if len(answers) != 2:  # noqa: PLR2004 - the facts, and what is installed
        raise SetupError(_no_answer(target, done))
    return answers[0], answers[1]


def _no_answer(target: CommandTarget, done: subprocess.CompletedProcess[bytes]) -> str:
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()[-3:]
    words = "\n".join(f"    {redact(line)}" for line in said) or "    nothing"
    hint = (
        "the command has to end with a Python and to pass standard input on"
        if target.through_shell
        else "the command has to end with a Python and to pass standard input on; where a shell "
        "reads its words, as behind ssh, say through_shell=True"
    )
    return (
        f"no Python answered (exit status {done.returncode}): {target}\n  it said:\n{words}\n"
        f"  to do: {hint}"
    )
