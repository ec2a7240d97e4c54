"""Files and folders left in the working directory: who wrote them, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.judgement.evidence_of_check import evidence_for
from pytest_portable.verdict import Problem

if TYPE_CHECKING:
    from pytest_portable.judgement.check import Check

__all__ = ["judge_files"]

_SHOWN: Final = 5
_CALLS: Final = frozenset({"calling", "probing"})


def judge_files(check: Check) -> None:
    """Make files that loading left a problem, and those of a call, which may write, a note."""
    assert check.transcript is not None
    files = check.transcript.files
    if not files:
        return
    named = ", ".join(files[:_SHOWN])
    path = _writer(check, files)
    called = any(r.header.get("step") in _CALLS for r in check.transcript.records)
    if path is None and called and not _are_left_by_loading(check):
        check.notes.append(
            Problem(
                code="side-effect",
                stage="call",
                path="obj()",
                message=f"the call left files in its working directory: {named}",
            )
        )
        return
    check.problems.append(
        Problem(
            code="side-effect",
            stage="load",
            path=path or "obj",
            message=f"left files in the working directory: {named}",
        )
    )


def _writer(check: Check, files: tuple[str, ...]) -> str | None:
    """Return the path of what wrote the first file while it was loaded, as far as one is seen.

    What another process wrote is not seen; then the path is that of whoever started one.
    """
    evidence = evidence_for(check)
    starters = []
    for kind, name, offset in evidence.blame.surroundings:
        if offset < 0 or not evidence.blame_path:
            continue
        if kind == "written" and any(name == f or name.endswith("/" + f) for f in files):
            return evidence.blame_path(offset)
        if kind == "started":
            starters.append(evidence.blame_path(offset))
    return starters[0] if starters else None


def _are_left_by_loading(check: Check) -> bool:
    """Load once more and do nothing else: what is not seen from inside may be left all the same."""
    questions = evidence_for(check).questions
    return questions is None or bool(questions.load().files)
