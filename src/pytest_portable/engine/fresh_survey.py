"""A survey in a fresh process of the host: what was set at run time is not there either."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pytest_portable.agent.in_target import start

__all__ = ["fresh_survey"]

LIMIT_SECONDS: Final = 30.0
_SCRIPT: Final = """
import importlib, json, sys
given = json.load(sys.stdin)
sys.path[:] = given["path"]
start = given["start"]
agent = {"__name__": "__main__", "__file__": start}
with open(start, encoding="utf-8") as stream:
    exec(compile(stream.read(), start, "exec"), agent)
agent["run_files"](given["folder"], given["files"])
for module, _ in given["globals"]:
    try:
        importlib.import_module(module)
    except BaseException:
        pass
text = json.dumps(agent["survey"](given))
sys.__stdout__.write("\\n" + given["mark"] + text)
"""
_MARK: Final = "-- survey --"


def fresh_survey(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Describe the surroundings as a fresh process of this interpreter finds them.

    Asked once for as long as the modules' files and `sys.path` stay as they are.

    Args:
        request: what `SurveyQuestions.to_request` returns.

    Returns:
        What `survey` returns, or `None` when that cannot be had: a module that only this
        process could import, an import that takes too long.
    """
    given = {
        **request,
        "path": sys.path,
        "start": start.__file__,
        "folder": str(Path(start.__file__).parent),
        "files": start.FILES[: start.FILES.index("survey") + 1],
        "mark": _MARK,
    }
    written = tuple(_written(module) for module in dict(request["globals"]))
    answer = _ask(json.dumps(given), written)
    is_there = answer is not None and all(
        answer["entries"].get(f"{module}:{name}", {}).get("kind") != "missing"
        for module, name in request["globals"]
    )
    return answer if is_there else None


def _written(module: str) -> int:
    """Return when the file of a module was last written, in nanoseconds; 0 for none."""
    try:
        return Path(sys.modules[module].__file__ or "").stat().st_mtime_ns
    except (KeyError, AttributeError, OSError):
        return 0


@lru_cache(maxsize=256)
def _ask(given: str, written: tuple[int, ...]) -> dict[str, Any] | None:
    """Start the process; a file that was `written` since then is read again."""
    del written
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout.partition(_MARK)[2])
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    return answer
