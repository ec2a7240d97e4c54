"""Paths as a person writes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable.verdict import Problem

__all__ = ["with_argument_path"]


def with_argument_path(problem: Problem) -> Problem:
    """Write the parts of a call's arguments as a person would: `args[0]`, `kwargs['k']`."""
    path = problem.path
    if path is None or not path.startswith("arguments["):
        return problem
    rest = path.removeprefix("arguments")
    root = "args" if rest.startswith("[0]") else "kwargs"
    return replace(problem, path=root + rest[3:])
