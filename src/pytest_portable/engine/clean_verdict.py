"""Take out of a verdict what must not be shown: secrets, and what a terminal would obey."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pytest_portable.report.redaction import host_redactor
from pytest_portable.report.visible import visible
from pytest_portable.verdict import Problem, Remedy, Verdict

__all__ = ["clean_verdict"]

_Clean = Callable[[str], str]
# A file in quotes stands in a traceback, or in what somebody wrote: it stays whole.
_BEFORE_A_PLACE: Final = (" ", "(")


def clean_verdict(verdict: Verdict, env: Mapping[str, str], root: Path) -> Verdict:
    """Return a verdict whose texts can be written anywhere.

    Targets, payloads and exceptions put what they like into a verdict's texts. A verdict without
    such texts is returned as it is, so that a check that passes pays nothing.

    Args:
        verdict: of one check.
        env: variables that the leg sets in its target.
        root: the rootdir; places in it are told from there, as pytest tells them.
    """
    held = vars(verdict)  # reading a field of a verdict counts as looking at it
    changed = ("problems", "notes", "warnings", "stdout", "stderr")
    if not any(held[name] for name in changed):
        return verdict
    redactor = host_redactor(given=env)

    def clean(text: str) -> str:
        return visible(redactor(text))

    cleaned = {name: _part(held[name], clean) for name in changed}
    for kind in ("problems", "notes"):
        cleaned[kind] = tuple(_from_root(problem, root) for problem in cleaned[kind])
    return replace(verdict, **cleaned)


def _from_root(problem: Problem, root: Path) -> Problem:
    """Return a problem whose sentences name files as seen from the rootdir."""
    folder = f"{root}{os.sep}"

    def shorter(text: str) -> str:
        for before in _BEFORE_A_PLACE:
            text = text.replace(f"{before}{folder}", before)
        return text

    if folder not in problem.message and folder not in problem.evidence:
        return problem
    return replace(problem, message=shorter(problem.message), evidence=shorter(problem.evidence))


def _part(part: Any, clean: _Clean) -> Any:  # noqa: ANN401 - plain data of any shape
    if isinstance(part, str):
        return clean(part)
    if isinstance(part, tuple | list):
        return type(part)(_part(each, clean) for each in part)
    if isinstance(part, Mapping):
        return {key: _part(value, clean) for key, value in part.items()}
    if isinstance(part, Problem | Remedy):
        return replace(part, **{key: _part(value, clean) for key, value in vars(part).items()})
    return part
