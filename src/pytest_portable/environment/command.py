"""Ask the Python behind a command what it is, and what is installed for it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from pytest_portable.agent.command_target import CommandTarget
from pytest_portable.environment.layout import distributions_of
from pytest_portable.environment.probing import PROBE_BEGIN, PROBE_END, PROBE_SOURCE, Interpreter
from pytest_portable.environment.request import Environment
from pytest_portable.environment.requirements import canonical_digest
from pytest_portable.errors import SetupError
from pytest_portable.report.redaction import redact

__all__ = ["ask_command"]

_TIMEOUT_SECONDS = 120.0
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


def ask_command(target: CommandTarget) -> Environment:
    """Return the environment of the Python that a command starts, with what is installed.

    Args:
        target: the command.

    Returns:
        An environment; its paths are those of the target.

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
            input=target.opening([("<pytest-portable>", source)], {"LANG": "C.UTF-8"}),
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
