"""An existing interpreter used as it is: nothing is created, nothing is installed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

from pytest_portable.agent.variables import tool_environment
from pytest_portable.environment.layout import installed
from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.request import Environment
from pytest_portable.environment.requirements import canonical_digest
from pytest_portable.errors import SetupError

__all__ = ["as_it_is"]

_TIMEOUT_SECONDS = 60.0
_QUESTION = "import json, sys; print(); print(json.dumps([sys.prefix, sys.path]))"


@functools.lru_cache(maxsize=64)
def as_it_is(interpreter: Interpreter) -> Environment:
    """Describe an interpreter and what is installed for it.

    Args:
        interpreter: that of a virtual environment or of an installation.

    Returns:
        An environment that is never changed, kept or removed, because it is not ours.

    Raises:
        SetupError: the interpreter does not answer.
    """
    try:
        done = subprocess.run(
            # Not isolated: it should see what it sees when the user starts it.
            [str(interpreter.path), "-s", "-c", _QUESTION],
            capture_output=True,
            check=True,
            cwd=tempfile.gettempdir(),
            encoding="utf-8",
            env=tool_environment(os.environ),
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
        )
        prefix, path = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise SetupError(f"{interpreter} does not say what is installed: {error}") from error
    return Environment(
        key=canonical_digest(["as it is", interpreter.identity, str(interpreter.path)]),
        path=Path(prefix),
        executable=interpreter.path,
        interpreter=interpreter,
        distributions=installed([Path(entry) for entry in path if entry]),
    )
