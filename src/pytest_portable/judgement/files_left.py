"""Files and folders left in the working directory: who wrote them, and when."""

from __future__ import annotations

from typing import Final

from pytest_portable.agent import Transcript
from pytest_portable.agent.records import Step
from pytest_portable.diagnosis import Evidence
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.verdict import Problem

__all__ = ["judge_files"]

_SHOWN: Final = 5
_CALLS: Final = frozenset({"calling", "probing"})


def judge_files(transcript: Transcript, evidence: Evidences) -> Findings:
    """Return a problem for files that loading left, and a note for those of a call."""
    files = transcript.files
    if not files:
        return NOTHING
    named = ", ".join(files[:_SHOWN])
    of_object = evidence()
    path = _writer(of_object, files)
    called = any(step.step in _CALLS for step in transcript.all(Step))
    if path is None and called and not _are_left_by_loading(of_object):
        message = f"the call left files in its working directory: {named}"
        return notes([Problem("side-effect", "call", message, path="obj()")])
    message = f"left files in the working directory: {named}"
    return problems([Problem("side-effect", "load", message, path=path or "obj")])


def _writer(evidence: Evidence, files: tuple[str, ...]) -> str | None:
    """Return the path of what wrote the first file while it was loaded, as far as one is seen.

    What another process wrote is not seen; then the path is that of whoever started one.
    """
    starters = []
    for kind, name, offset in evidence.blame.surroundings:
        if offset < 0 or not evidence.blame_path:
            continue
        if kind == "written" and any(name == f or name.endswith("/" + f) for f in files):
            return evidence.blame_path(offset)
        if kind == "started":
            starters.append(evidence.blame_path(offset))
    return starters[0] if starters else None


def _are_left_by_loading(evidence: Evidence) -> bool:
    """Load once more and do nothing else: what is not seen from inside may be left all the same."""
    questions = evidence.questions
    return questions is None or bool(questions.load().files)
