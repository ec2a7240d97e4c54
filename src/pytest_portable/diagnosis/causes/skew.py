"""Two versions of one definition: one cannot load what the other dumped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pytest_portable.diagnosis.ask_target import same_failure
from pytest_portable.diagnosis.causes.wording import pin
from pytest_portable.diagnosis.definitions import differences, facts_here
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Owner
from pytest_portable.diagnosis.known_renames import find_move
from pytest_portable.diagnosis.target_errors import Failure
from pytest_portable.verdict import Problem

__all__ = ["VersionSkew", "apart"]

_BINARY: Final = re.compile(
    r"(\w+)\.\w+ size changed, may indicate binary incompatibility|"
    r"compiled (?:using|against) (\w+)|(numpy)\.core\.multiarray failed to import|"
    r"module compiled against (?:ABI|API) version",
    re.IGNORECASE,
)
_MAX_APART: Final = 2


class VersionSkew:
    """A class or a function of another version there, or with another definition."""

    code = "version-skew"

    def explain_failure(self, failure: Failure, evidence: Evidence) -> Problem | None:
        """Return the problem, or nothing."""
        binary = _BINARY.search(failure.error.message)
        if binary:
            return self._binary(failure, evidence, next(filter(None, binary.groups()), "numpy"))
        for module, name in _suspects(failure, evidence):
            sides = _sides(module, evidence)
            told = apart(module, name, evidence)
            if not told and (sides is None or sides[0] == sides[1]):
                continue
            if failure.stage == "load" and _breaks_here(failure, evidence, is_apart=bool(told)):
                return None
            return self._problem(failure, evidence, (module, name), sides, told)
        return None

    def _problem(
        self,
        failure: Failure,
        evidence: Evidence,
        suspect: tuple[str, str],
        sides: tuple[Owner, Owner] | None,
        told: list[str],
    ) -> Problem:
        module, name = suspect
        what = f"{module}.{name}".strip(".")
        move = find_move(module, name)
        reason = "; ".join(told[:_MAX_APART]) or (move.words if move else "")
        missing = _missing_state(failure)
        if sides is None:
            head = f"{what} is defined otherwise there"
        elif sides[0] == sides[1]:
            head = f"{what} is defined otherwise there, though {sides[0]} is on both sides"
        else:
            head = f"{what} is of {sides[1]} there, of {sides[0]} here"
        parts = [head, missing, reason] if missing else [head, reason]
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=module,
            distribution=sides[0].name if sides else None,
            message=": ".join(part for part in parts if part) + f" ({failure.summary})",
            evidence=failure.said,
            remedies=pin(evidence, sides[0]) if sides and sides[0] != sides[1] else (),
        )

    def _binary(self, failure: Failure, evidence: Evidence, module: str) -> Problem:
        sides = _sides(module.lower(), evidence)
        versions = f" ({sides[1]} there, {sides[0]} here)" if sides else ""
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=failure.importing or module,
            distribution=sides[0].name if sides else None,
            message=f"{failure.importing or 'an extension module'} was compiled against another "
            f"{module} than is installed there{versions}: {failure.summary}",
            evidence=failure.said,
            remedies=pin(evidence, sides[0]) if sides and sides[0] != sides[1] else (),
        )


def _breaks_here(failure: Failure, evidence: Evidence, *, is_apart: bool) -> bool:
    """Return whether it loads nowhere: then it has not broken because of a version.

    Where the definitions differ, only an error with the same words proves that.
    """
    if evidence.loads_here is not False:
        return False
    here = evidence.control_error
    return not is_apart or (here is not None and same_failure(here, failure.error))


def apart(module: str, name: str, evidence: Evidence) -> list[str]:
    """Return how a definition differs between the two sides; nothing where it does not."""
    if not name:
        return []
    there = evidence.census.names.get((module, name))
    # Another patch release may compile the same text to other bytecode.
    same = evidence.target.python == evidence.here.python
    return differences(facts_here(module, name), there, same_python=same)


def _missing_state(failure: Failure) -> str:
    """Return which attribute the state lacks, or has no room for."""
    about, name = failure.error.about, failure.error.name
    if "AttributeError" not in failure.error.bases:
        return ""
    if not (about and about[0] == "instance" and name):
        found = re.search(r"'(\w+)' object has no attribute '(\w+)'", failure.error.message)
        if not found:
            return ""
        name = found[2]
    if name == "__dict__":
        return "its state does not fit"
    return f"the code there reads {name!r}, which the state that was dumped here has not"


def _sides(module: str, evidence: Evidence) -> tuple[Owner, Owner] | None:
    """Return the distributions of a module here and there, where both have one."""
    if not module or evidence.is_stdlib(module):
        return None
    here = evidence.here.owner(module)
    there = evidence.there(module, here.name if here else None)
    return None if here is None or there is None else (here, there)


def _suspects(failure: Failure, evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield candidates: what was being rebuilt, then what raised, innermost first."""
    seen: set[tuple[str, str]] = set()
    for suspect in _all_suspects(failure, evidence):
        module = suspect[0]
        if module and suspect not in seen and not evidence.is_stdlib(module):
            seen.add(suspect)
            yield suspect


def _all_suspects(failure: Failure, evidence: Evidence) -> Iterator[tuple[str, str]]:
    about = failure.error.about
    if about and about[0] != "module":
        yield about[1], about[2]
    if failure.importing:
        for frame in reversed(failure.frames):
            yield frame.module, ""
        yield failure.importing, ""
        return
    named = _class_in_message(failure, evidence)
    if named:
        yield named
    if failure.stage == "load":
        yield evidence.blame.callee
        yield evidence.blame.about
    for frame in reversed(failure.frames):
        yield frame.module, ""


def _class_in_message(failure: Failure, evidence: Evidence) -> tuple[str, str] | None:
    """Return the reference to the class that an old Python's `AttributeError` names."""
    found = re.search(r"'(\w+)' object has no attribute", failure.error.message)
    if not found:
        return None
    for module, name, _ in evidence.references():
        if name.rpartition(".")[2] == found[1]:
            return module, name
    return None
