"""What the serializer's system lets through: sizes, and names that it leaves behind."""

from __future__ import annotations

from pytest_portable.judgement.context import Context
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.serializers.out_of_band import size_of
from pytest_portable.serializers.task import LeftBehind
from pytest_portable.verdict import Problem

__all__ = ["check_limits", "left_behind_problem", "note_left_behind"]


def check_limits(context: Context, what: str, data: bytes) -> Findings:
    """Compare with what the system lets through.

    Args:
        context: of the check.
        what: is sent, as in `Limit`.
        data: as it is encoded.
    """
    found, size = NOTHING, size_of(data)
    for limit in context.serializer.limits:
        if limit.what != what or size <= limit.bytes:
            continue
        problem = Problem(
            code="too-large",
            stage="return" if what == "result" else "inspect",
            path={"result": "obj()", "arguments": "args"}.get(what, "obj"),
            message=f"{size:,} bytes as encoded, the limit is {limit.bytes:,}: {limit.message}",
        )
        found += problems([problem]) if limit.fails else notes([problem])
    return found


def note_left_behind(context: Context) -> Findings:
    """Return a note for every name that the function uses and that does not travel with it."""
    left = context.serializer.left_behind(context.obj, context.leg.options)
    return notes(map(left_behind_problem, left))


def left_behind_problem(left: LeftBehind, evidence: str = "") -> Problem:
    """Return the problem of a name that does not travel.

    Args:
        left: what stays behind.
        evidence: what the target raised for want of it; empty where nothing was run.
    """
    return Problem("main-reference", "call", left.message, path=left.path, evidence=evidence)
