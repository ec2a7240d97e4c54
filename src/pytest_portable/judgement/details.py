"""What a verdict tells when somebody asks for more: the traceback, the payload around the place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from pytest_portable.agent.records import TargetError
from pytest_portable.diagnosis import Evidence
from pytest_portable.errors import PayloadError
from pytest_portable.judgement.context import Sent
from pytest_portable.payload.inspection import PlacedOpcode, disassemble
from pytest_portable.report.redaction import redact
from pytest_portable.verdict import Problem

__all__ = ["with_details"]

_AROUND: Final = 6
# Every opcode up to the place is read: long payloads are for `pytest-portable inspect`.
_MAX_BYTES: Final = 200_000
_MAX_ARGUMENT: Final = 32


def with_details(
    problems: Sequence[Problem], error: TargetError, evidence: Evidence, sent: Sent
) -> list[Problem]:
    """Add what the target raised, and the opcodes around it, to the first of some problems.

    Args:
        problems: the root cause first.
        error: the exception.
        evidence: of the payload that broke.
        sent: what travelled.
    """
    if not problems:
        return []
    first, *others = problems
    data = sent.data(evidence.root) or b""
    # Where nobody asked for the place, the payload is not loaded again for it.
    blame = evidence.__dict__.get("blame")
    lines: tuple[str, ...] = ()
    if blame is not None and blame.offset >= 0 and len(data) <= _MAX_BYTES:
        lines = tuple(_neighbourhood(data, blame.offset, evidence.root))
    return [
        replace(
            first, traceback=evidence.standing.in_text(error.traceback).rstrip(), payload=lines
        ),
        *others,
    ]


def _neighbourhood(data: bytes, offset: int, root: str) -> Iterator[str]:
    """Write the opcodes around an offset, a line each, the one at the offset marked."""
    steps: list[PlacedOpcode] = []
    with suppress(PayloadError):
        steps.extend(disassemble(data, root=root))
    here = next((n for n, step in enumerate(steps) if step.offset >= offset), len(steps))
    for step in steps[max(0, here - _AROUND) : here + _AROUND + 1]:
        mark = ">" if step.offset == offset else " "
        argument = "" if step.argument is None else redact(repr(step.argument))
        if len(argument) > _MAX_ARGUMENT:
            argument = argument[: _MAX_ARGUMENT - 3] + "..."
        yield f"{mark} {step.offset:>6} {step.opcode:<16} {argument:<{_MAX_ARGUMENT}} {step.path}"
