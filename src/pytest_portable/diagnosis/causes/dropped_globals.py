"""Code sent by value that reads a global which was not sent."""

from __future__ import annotations

import re
import sys

from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.target_errors import Failure
from pytest_portable.host_modules import real_file
from pytest_portable.payload.bytecode import CodeSent
from pytest_portable.verdict import Problem, Remedy

__all__ = ["DroppedGlobal", "sender_of"]


class DroppedGlobal:
    """A `NameError` of code that was sent without the global that it reads."""

    code = "main-reference"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        name = _name(failure)
        code = sender_of(failure, evidence) if name else None
        if code is None:
            return None
        path = f"{code.path}.__globals__[{name!r}]"
        if name.startswith("@py"):
            return Problem(
                code="pytest-leak",
                stage=failure.stage,
                path=path,
                module="_pytest.assertion.rewrite",
                distribution="pytest",
                message=f"{code.name} contains an assert that pytest rewrote: it reads {name}, "
                "which only the test file has",
                evidence=failure.said,
                remedies=(Remedy("move the code to a module that pytest does not rewrite"),),
            )
        module = failure.frames[-1].module
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=path,
            module=module,
            message=f"{code.name} travels by value and reads the global {name}, which stayed "
            f"behind in {module}",
            evidence=failure.said,
            remedies=_remedies(name, evidence),
        )


def _remedies(name: str, evidence: Evidence) -> tuple[Remedy, ...]:
    moved = Remedy("move both to a module of an installed package")
    if evidence.serializer == "dill" and not evidence.options.get("recurse"):
        return (Remedy('options={"recurse": True}', 'options={"recurse": True}'), moved)
    if not hasattr(sys.modules.get("__main__"), name):
        return ()
    return (moved,)


def _name(failure: Failure) -> str:
    if "NameError" not in failure.error.bases:
        return ""
    found = re.search(r"name '([^']+)' is not defined", failure.error.message)
    return found[1] if found else ""


def sender_of(failure: Failure, evidence: Evidence) -> CodeSent | None:
    """Return the by-value code in which a call failed: its innermost frame of sent code."""
    for frame in reversed(failure.frames):
        near = [
            code
            for code in evidence.code
            if code.filename == real_file(frame.file)
            and 0 < code.line <= frame.line
            and code.name.rpartition(".")[2] == frame.name
        ]
        if near:
            return max(near, key=lambda code: (code.name == frame.function, code.line))
    return None
