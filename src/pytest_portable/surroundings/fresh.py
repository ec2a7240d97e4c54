"""The same survey in a fresh process of the host: what was set at run time is not there either."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from pytest_portable._target import agent

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["fresh_survey"]

LIMIT_SECONDS: Final = 30.0
_SCRIPT: Final = """
import importlib, importlib.util, json, sys
given = json.load(sys.stdin)
sys.path[:] = given["path"]
spec = importlib.util.spec_from_file_location("agent_of_pytest_portable", given["agent"])
agent = importlib.util.module_from_spec(spec)
spec.loader.exec_module(agent)
for module, _ in given["globals"]:
    try:
        importlib.import_module(module)
    except BaseException:
        pass
text = json.dumps(agent.survey(given))
sys.__stdout__.write("\\n" + given["mark"] + text)
"""
_MARK: Final = "-- survey --"


def fresh_survey(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Describe the surroundings as a fresh process of this interpreter finds them.

    Args:
        request: what `Questions.to_request` returns.

    Returns:
        What `agent.survey` returns, or `None` when that cannot be had: a module that only this
        process could import, an import that takes too long.
    """
    given = {**request, "path": sys.path, "agent": agent.__file__, "mark": _MARK}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            input=json.dumps(given),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_SECONDS,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout.partition(_MARK)[2])
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    is_there = all(
        answer["entries"].get(f"{module}:{name}", {}).get("kind") != "missing"
        for module, name in request["globals"]
    )
    return answer if is_there else None
