"""What the target recorded becomes problems and notes."""

from __future__ import annotations

from typing import Final

from pytest_portable.agent import Transcript
from pytest_portable.agent.records import Failed, Loaded, Step
from pytest_portable.diagnosis import explain_load, explain_lost
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.details import with_details
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.files_left import judge_files
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.load_warnings import judge_warnings
from pytest_portable.judgement.portraits import read_portraits
from pytest_portable.judgement.returned import undumped_result
from pytest_portable.judgement.version_skew import skew_of_return
from pytest_portable.verdict import Problem

__all__ = ["judge_transcript"]

# All other steps lead to a loaded payload.
_STAGE_OF_STEP: Final = {
    "dumping": "return",
    "probing": "call",
    "calling": "call",
    "returning": "return",
}


def judge_transcript(context: Context, transcript: Transcript, evidence: Evidences) -> Findings:
    """Return what the records, the end of the process and its working directory say."""
    found = NOTHING
    for record in transcript.records:
        if isinstance(record, Failed):
            found += problems(_failure(record, evidence))
        if isinstance(record, Loaded) or (isinstance(record, Failed) and record.step == "loading"):
            found += judge_warnings(context, evidence.sent, record)
    if malformed := transcript.malformed or read_portraits(transcript).malformed:
        found += problems([_tampered(transcript, evidence, malformed)])
    elif not transcript.finished:
        found += problems(with_paths([_lost(context, transcript, evidence)]))
    return found + judge_files(transcript, evidence)


def _failure(record: Failed, evidence: Evidences) -> list[Problem]:
    if record.step != "loading":
        problem, skew = undumped_result(record), None
        if record.name == "obj":
            said = f"it cannot be dumped there: {record.error}"
            place = problem.path or "obj"
            skew = skew_of_return(evidence.context, evidence, place=place, said=said)
        return [skew or problem]
    of_payload = evidence(record.name)
    found = explain_load(record.error, of_payload)
    return with_paths(with_details(found, record.error, of_payload, evidence.sent))


def _lost(context: Context, transcript: Transcript, evidence: Evidences) -> Problem:
    """Return the problem of a child that never finished, for the payload it was busy with."""
    return explain_lost(
        transcript,
        evidence(_busy_with(transcript, evidence)),
        stage=_stage(transcript),
        timeout_seconds=context.leg.timeout_seconds,
    )


def _tampered(transcript: Transcript, evidence: Evidences, malformed: str) -> Problem:
    """Return the problem of records that no agent writes: the user's code wrote them."""
    message = f"the object tampered with the answer: {malformed}"
    path = _busy_with(transcript, evidence)
    return Problem("early-exit", _stage(transcript), message, path=path)


def _stage(transcript: Transcript) -> str:
    return _STAGE_OF_STEP.get(transcript.last_step(), "load")


def _busy_with(transcript: Transcript, evidence: Evidences) -> str:
    """Return the name of the payload that was being loaded.

    Once all are loaded that is the object: the function that is called, or what a probe asks.
    """
    steps = list(transcript.all(Step))
    if not steps or steps[-1].step != "loading" or evidence.sent.data(steps[-1].name) is None:
        return "obj"
    return steps[-1].name
