"""What the target recorded becomes problems and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.diagnosis import explain_load, explain_lost
from pytest_portable.judgement.details import with_details
from pytest_portable.judgement.evidence_of_check import evidence_for, with_paths
from pytest_portable.judgement.files_left import judge_files
from pytest_portable.judgement.load_warnings import judge_warnings
from pytest_portable.judgement.returned import undumped_result

if TYPE_CHECKING:
    from pytest_portable.agent import Message, Transcript
    from pytest_portable.judgement.check import Check
    from pytest_portable.verdict import Problem

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
    judge_files(check)


def _judge_failure(check: Check, record: Message) -> None:
    name, error = record.header["name"], record.header["exception"]
    if record.header["failed"] != "loading":
        check.problems.append(undumped_result(record))
        return
    evidence = evidence_for(check, name)
    found = with_details(explain_load(error, evidence), error, evidence, check)
    check.problems += with_paths(found)


def _lost(check: Check, transcript: Transcript) -> Problem:
    """Return the problem of a child that never finished, for the payload it was busy with.

    Once all are loaded that is the object: the function that is called, or what a probe asks.
    """
    loading = [r.header["name"] for r in transcript.records if r.header.get("step") == "loading"]
    known = [name for name, _ in check.payloads]
    busy = transcript.last_step() == "loading" and loading and loading[-1] in known
    name = loading[-1] if busy else "obj"
    return explain_lost(
        transcript,
        evidence_for(check, name),
        stage=_STAGE_OF_STEP[transcript.last_step()],
        timeout_seconds=check.leg.timeout_seconds,
    )
