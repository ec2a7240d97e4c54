"""What the target recorded becomes problems and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.diagnosis import explain_load, explain_lost
from pytest_portable.judgement.back import undumped_result
from pytest_portable.judgement.evidence import evidence_for, with_paths
from pytest_portable.judgement.warned import judge_warnings
from pytest_portable.verdict import Problem

if TYPE_CHECKING:
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


def judge_transcript(check: Check) -> None:
    """Turn what the target recorded into problems."""
    transcript = check.transcript
    assert transcript is not None
    for record in transcript.records:
        if "failed" in record.header:
            _judge_failure(check, record)
        judge_warnings(check, record, dict(check.payloads))
    if not transcript.finished:
        check.problems += with_paths([_lost(check, transcript)])
    if transcript.files:
        check.problems.append(
            Problem(
                code="side-effect",
                stage="load",
                path=_writer(check, transcript.files),
                message="left files in the working directory: " + ", ".join(transcript.files[:5]),
            )
        )


def _judge_failure(check: Check, record: Message) -> None:
    name, error = record.header["name"], record.header["exception"]
    if record.header["failed"] != "loading":
        check.problems.append(undumped_result(record))
        return
    check.problems += with_paths(explain_load(error, evidence_for(check, name)))


def _lost(check: Check, transcript: Transcript) -> Problem:
    """Return the problem of a child that never finished, for the payload it was busy with."""
    loading = [r.header["name"] for r in transcript.records if r.header.get("step") == "loading"]
    known = [name for name, _ in check.payloads]
    name = loading[-1] if loading and loading[-1] in known else "obj"
    return explain_lost(
        transcript,
        evidence_for(check, name),
        stage=_STAGE_OF_STEP[transcript.last_step()],
        timeout_seconds=check.leg.timeout_seconds,
    )


def _writer(check: Check, files: tuple[str, ...]) -> str:
    """Return the path of what wrote the first file while it was loaded, as far as one is seen."""
    evidence = evidence_for(check)
    for kind, name, offset in evidence.blame.surroundings:
        if kind == "written" and name in files and offset >= 0 and evidence.blame_path:
            return evidence.blame_path(offset)
    return "obj"
