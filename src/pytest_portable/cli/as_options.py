"""Diagnoses of the command line: what a mark would say is said as options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.report.text import render, width_of

if TYPE_CHECKING:
    from pytest_portable.verdict import Verdict

__all__ = ["as_options", "diagnosis"]

_TEXT: Final = r'"[^"]*"'
_DEPS: Final = re.compile(rf"\bdeps=\[\.\.\., ({_TEXT}(?:, {_TEXT})*)\]")
_KEY: Final = re.compile(rf"\b(python|serializer)=({_TEXT})")


def diagnosis(verdict: Verdict) -> str:
    """Return the diagnosis of a verdict, with remedies as options of the command line.

    Args:
        verdict: of a check that a command made.
    """
    told: dict[str, Any] = verdict.to_dict()
    for kind in ("problems", "notes"):
        told[kind] = [_with_options(problem) for problem in told[kind]]
    return render(told, verbosity=verdict.verbosity, width=width_of(verdict.columns))


def _with_options(problem: dict[str, Any]) -> dict[str, Any]:
    remedies = [{**one, "text": as_options(one["text"])} for one in problem["remedies"]]
    return {**problem, "remedies": remedies}


def as_options(text: str) -> str:
    """Return a remedy in the words of the command line.

    Args:
        text: such as `deps=[..., "yaml"]`.
    """
    return _KEY.sub(r"--\1 \2", _DEPS.sub(_lines, text))


def _lines(found: re.Match[str]) -> str:
    return " ".join(f"--dep {line}" for line in re.findall(_TEXT, found[1]))
