"""Paths as a person writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_portable.verdict import Problem

__all__ = ["argument_paths", "with_argument_path", "with_some_argument"]

_ARGUMENTS: Final = re.compile(r"(?<![\w.])arguments\[([01])\]")


def with_argument_path(problem: Problem) -> Problem:
    """Write the parts of a call's arguments as a person would: `args[0]`, `kwargs['k']`."""
    path, message = (_ARGUMENTS.sub(_root, text or "") for text in (problem.path, problem.message))
    if message == problem.message and path == (problem.path or ""):
        return problem
    return replace(problem, path=path or problem.path, message=message)


def _root(found: re.Match[str]) -> str:
    return "args" if found[1] == "0" else "kwargs"


def argument_paths(args: Sequence[object], kwargs: Mapping[str, object]) -> tuple[str, ...]:
    """Return the path of every argument of a call."""
    return (
        *(f"args[{number}]" for number in range(len(args))),
        *(f"kwargs[{name!r}]" for name in kwargs),
    )


def with_some_argument(problem: Problem, arguments: Sequence[str]) -> Problem:
    """Place a problem that is known to lie in the arguments of a call, and no closer.

    They travel together, so it is in the only one there is; where there are several, the message
    says that it is in one of them.

    Args:
        problem: any problem.
        arguments: the paths of the arguments; none where nothing is called.
    """
    if not arguments or problem.path not in {"arguments", "args", "kwargs"}:
        return problem
    if len(arguments) == 1:
        return replace(problem, path=arguments[0])
    message = f"in an argument of the call: {problem.message}"
    return replace(problem, path=None, message=message)
