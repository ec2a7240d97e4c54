"""A process without an answer: killed by a signal, ended, or timed out."""

from __future__ import annotations

import re
import signal
from typing import Final

from pytest_portable.agent import Transcript
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.verdict import Problem

__all__ = ["explain_lost"]

_STACK_LINE: Final = re.compile(r'(?:File "([^"]+)", |^ +(?:<[^>]*>, )?)line (\d+) in (\S+)')
# How faulthandler writes a frame of the agent; a message of its own names a file too, and stays.
_OWN_LINE: Final = re.compile(r'File "[^"]*agent/in_target/\w+\.py", line \d+ in ')
_MAX_LINES: Final = 6


def explain_lost(
    transcript: Transcript, evidence: Evidence, *, stage: str, timeout_seconds: float
) -> Problem:
    """Return the problem of a child that did not finish.

    Args:
        transcript: its steps so far.
        evidence: for the payload that it was busy with.
        stage: of the verdict.
        timeout_seconds: the limit of the leg.
    """
    step = transcript.last_step()
    blame = evidence.blame if step == "loading" else None
    place = blame.place if blame and blame.place else _innermost(transcript, evidence)
    at = f", in {place}" if place else ""
    if transcript.timed_out:
        code = "timeout"
        message = f"did not finish in {timeout_seconds:g} s; last step: {step}{at}"
    elif transcript.status < 0:
        code = "crash"
        message = (
            f"ended by signal {-transcript.status} ({_name(-transcript.status)}) while {step}{at}"
        )
    else:
        code = "early-exit"
        message = (
            f"the process ended with status {transcript.status} without an answer while {step}{at}"
        )
    return Problem(
        code=code,
        stage=stage,
        path=(blame.path if blame else "") or evidence.root,
        module=blame.callee[0] or None if blame else None,
        message=message,
        evidence="\n".join(_lines(transcript, evidence)[:_MAX_LINES]),
    )


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "a real-time signal"


def _lines(transcript: Transcript, evidence: Evidence) -> list[str]:
    told = evidence.standing.in_text(transcript.stderr)
    return [line for line in told.splitlines() if not _OWN_LINE.search(line)]


def _innermost(transcript: Transcript, evidence: Evidence) -> str:
    """Return the innermost function in faulthandler's stack that is not the agent's."""
    for line in _lines(transcript, evidence):
        if found := _STACK_LINE.search(line):
            return f"{found[3]} ({found[1]}:{found[2]})" if found[1] else found[3]
    return ""
