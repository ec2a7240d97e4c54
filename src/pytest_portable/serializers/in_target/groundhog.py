"""A node's side of Groundhog: its runner, started like by the submitted shell command."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PICKLED", "SCRIPT", "dumps", "loads", "run"]

PICKLED = b"__PICKLE__:"
# Groundhog has no format for a script alone.
SCRIPT = b"__SCRIPT__:"


def loads(data: bytes) -> Any:
    """Load arguments or a result; for a script, return the function."""
    if data.startswith(SCRIPT):
        return _function(data[len(SCRIPT) :])
    from groundhog_hpc.serialization import deserialize

    return deserialize(data.decode())


def dumps(value: object) -> bytes:
    """Dump arguments or a result, without a limit."""
    from groundhog_hpc.serialization import serialize

    text: str = serialize(value, size_limit_bytes=float("inf"))
    return text.encode()


def run(message: bytes) -> tuple[bytes, str | None]:
    """Start the runner in a new folder; errors are an exit code and stderr."""
    import json
    import os
    import subprocess
    import sys
    import tempfile
    from pathlib import Path

    # The runner needs the shipped packages too.
    shipped = [place for place in sys.path if place.startswith(str(Path.cwd()))]
    command = [sys.executable, "-s", "runner.py"]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in json.loads(message.decode()).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(shipped)},
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        stdout = done.stdout
        if done.returncode == 0:
            stdout += "__GROUNDHOG_RESULT__\n"
            stdout += Path(folder, "payload.out").read_text(encoding="utf-8")
    answer = {
        "cmd": " ".join(command),
        "stdout": stdout,
        "stderr": done.stderr,
        "returncode": done.returncode,
    }
    told = done.stderr or f"exit code {done.returncode}"
    return json.dumps(answer).encode(), told if done.returncode else None


def _function(data: bytes) -> Any:
    """Import a script from its text as the runner does, and find the function in it."""
    import json
    import tempfile
    from operator import attrgetter
    from pathlib import Path

    from groundhog_hpc.utils import import_user_script

    parts = json.loads(data.decode())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "user_script.py")
        path.write_text(parts["script"], encoding="utf-8")
        module = import_user_script(parts["module"], path)
    return attrgetter(parts["function"])(module)
