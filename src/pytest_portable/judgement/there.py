"""What the target recorded becomes problems and notes."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.diagnosis import explain_exception
from pytest_portable.judgement.back import undumped_result
from pytest_portable.judgement.paths import with_argument_path
from pytest_portable.judgement.warned import judge_warnings
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_portable.judgement.check import Check
    from pytest_portable.target import Message, Transcript

__all__ = ["judge_transcript"]

_STAGE_OF_STEP: Final = {
    "starting": "load",
    "loading": "load",
    "describing": "load",
    "dumping": "return",
    "probing": "call",
    "calling": "call",
    "returning": "return",
    "forwarding": "load",
}


def judge_transcript(check: Check, payloads: list[tuple[str, bytes]]) -> None:
    """Turn what the target recorded into problems."""
    transcript = check.transcript
    assert transcript is not None
    for record in transcript.records:
        if "failed" in record.header:
            _judge_failure(check, record, dict(payloads))
        judge_warnings(check, record, dict(payloads))
    if not transcript.finished:
        check.problems.append(_lost(transcript, check.leg.timeout_seconds))
    if transcript.files:
        check.problems.append(
            Problem(
                code="side-effect",
                stage="load",
                path="obj",
                message="left files in the working directory: " + ", ".join(transcript.files[:5]),
            )
        )


def _judge_failure(check: Check, record: Message, payloads: Mapping[str, bytes]) -> None:
    name, error = record.header["name"], record.header["exception"]
    if record.header["failed"] != "loading":
        check.problems.append(undumped_result(record))
        return
    if "unsupported pickle protocol" in error["message"]:
        check.problems.append(_protocol_too_new(check, error))
        return
    problem = explain_exception(error, "load", check.evidence(payloads.get(name), name))
    check.problems.append(with_argument_path(problem))


def _protocol_too_new(check: Check, error: Mapping[str, Any]) -> Problem:
    return Problem(
        code="protocol-too-new",
        stage="inspect",
        path="obj",
        message=f"pickle protocol {check.protocol} is newer than the target reads",
        evidence=f"{error['type']}: {error['message']}",
        remedies=(Remedy("protocol=4", "protocol=4"),),
    )


def _lost(transcript: Transcript, timeout_seconds: float) -> Problem:
    """Return the problem of a child that never finished."""
    step = transcript.last_step()
    stage = _STAGE_OF_STEP[step]
    lines = [line for line in transcript.stderr.splitlines() if "_target/agent.py" not in line]
    last = "\n".join(lines[:6])
    if transcript.timed_out:
        code, message = "timeout", f"did not finish in {timeout_seconds:g} s; last step: {step}"
    elif transcript.status < 0:
        name = signal.Signals(-transcript.status).name
        code, message = "crash", f"ended by signal {-transcript.status} ({name}) while {step}"
    else:
        code = "early-exit"
        message = (
            f"the process ended with status {transcript.status} without an answer while {step}"
        )
    return Problem(code=code, stage=stage, path="obj", message=message, evidence=last)
