"""Probes that have no answer: they raise unasked, or return where an exception was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem, Remedy

__all__ = ["is_without_answer", "nothing_raised", "raised_alike"]

_ON_BOTH_SIDES: Final = "on both sides, which proves nothing"
_NOTHING: Final = "is asked for, and nothing was raised on either side"


def _text(wanted: Sequence[str]) -> str:
    """Return names of exception classes as `raises=` takes them."""
    names = [name.removeprefix("builtins.") for name in wanted]
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def raised_alike(probe: Probe, kind: str, said: str, wanted: Sequence[str]) -> Problem:
    """Return the problem of a probe that raised the same on both sides, and was not asked to.

    Args:
        probe: as the caller gave it, or a bundle.
        kind: name of the exception's class.
        said: the exception as one line.
        wanted: names of the classes that were asked for.
    """
    message = f"the probe {probe.shown} raises {kind} {_ON_BOTH_SIDES}"
    if wanted:
        message += f"; raises={_text(wanted)} is asked for"
    fix = f"correct the probe; if the exception is what is tested: raises={kind}"
    return Problem(
        code="call-error",
        stage="call",
        path=probe.label,
        message=message,
        evidence=said,
        remedies=(Remedy(fix),),
    )


def nothing_raised(probe: Probe, wanted: Sequence[str]) -> Problem:
    """Return the problem of a probe that returned on both sides, and was asked to raise."""
    return Problem(
        code="call-error",
        stage="call",
        path=probe.label,
        message=f"raises={_text(wanted)} {_NOTHING} by the probe {probe.shown}",
        remedies=(Remedy("correct the probe, or leave raises= out"),),
    )


def is_without_answer(problem: Problem) -> bool:
    """Return whether both sides agree that a probe has no answer: nothing explains that further."""
    said = problem.message
    return problem.code == "call-error" and (_ON_BOTH_SIDES in said or _NOTHING in said)
