"""Two versions of one definition: one cannot load what the other dumped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pytest_portable.diagnosis.ask_target import same_failure
from pytest_portable.diagnosis.causes.wording import pin
from pytest_portable.diagnosis.definitions import differences, facts_here
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Elsewhere, Owner
from pytest_portable.diagnosis.known_renames import find_move
from pytest_portable.diagnosis.target_errors import Failure
from pytest_portable.verdict import Problem

__all__ = ["VersionSkew", "apart", "spell_versions", "versions_of"]

_BINARY: Final = re.compile(
    r"(?<!\w)(\w+)\.\w+ size changed, may indicate binary incompatibility|"
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
            if _breaks_here(failure, evidence, is_apart=True):
                return None
            return self._binary(failure, evidence, next(filter(None, binary.groups()), "numpy"))
        for module, name in _suspects(failure, evidence):
            sides = versions_of(module, name, evidence)
            told = apart(module, name, evidence)
            if (sides is None and not told) or (sides is not None and sides[0] == sides[1]):
                continue  # equal versions are no skew: what differs was changed at run time
            if _breaks_here(failure, evidence, is_apart=bool(told)):
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
        missing = _missing_state(failure, evidence.maker.where)
        if sides is None:
            head = f"{what} is defined otherwise there"
        else:
            head = f"{what} is {spell_versions(module, sides, evidence)}"
        parts = [head, missing, reason] if missing else [head, reason]
        return Problem(
            code=self.code,
            stage=failure.stage,
            path=failure.path,
            module=module,
            distribution=sides[0].name if sides else None,
            message=": ".join(part for part in parts if part) + f" ({failure.summary})",
            evidence=failure.said,
            remedies=pin(evidence, sides[0]) if sides else (),
        )

    def _binary(self, failure: Failure, evidence: Evidence, module: str) -> Problem:
        sides = _owners(module.lower(), evidence)
        made = evidence.maker.where
        versions = f" ({sides[1]} there, {sides[0]} {made})" if sides else ""
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
    """Return whether it loads or runs nowhere: then it has not broken because of a version.

    Where the definitions differ, only an error with the same words proves that.
    """
    if failure.stage != "load":
        raised = failure.control()
        return raised is not None and same_failure(raised, failure.error)
    if evidence.loads_here is not False:
        return False
    here = evidence.control_error
    return not is_apart or (here is not None and same_failure(here, failure.error))


def apart(module: str, name: str, evidence: Evidence) -> list[str]:
    """Return how a definition differs between the two sides; nothing where it does not."""
    if not name or isinstance(evidence.maker, Elsewhere):
        return []
    there = evidence.census.names.get((module, name))
    # Another patch release may compile the same text to other bytecode.
    same = evidence.target.python == evidence.maker.python
    return differences(facts_here(module, name), there, same_python=same)


def versions_of(module: str, name: str, evidence: Evidence) -> tuple[Owner, Owner] | None:
    """Return the distributions behind a definition, the maker's and the target's.

    Where its own is the same on both sides, or it has none, what wrote its methods counts, and
    what it inherits from.
    """
    own = _owners(module, evidence)
    if own is not None and own[0] != own[1]:
        return own
    found = facts_here(module, name) if not isinstance(evidence.maker, Elsewhere) else None
    found = found or evidence.census.names.get((module, name))
    for top in found.made_by if found else ():
        sides = _owners(top, evidence)
        if sides is not None and sides[0] != sides[1]:
            return sides
    return own


def spell_versions(module: str, sides: tuple[Owner, Owner], evidence: Evidence) -> str:
    """Return which versions a definition is of, or of what made it, for people."""
    made, there = sides
    owner = evidence.owner(module) or evidence.maker.keeper(module)
    word = "of" if owner is not None and owner.name == made.name else "made by"
    return f"{word} {there} there, {word} {made} {evidence.maker.where}"


def _missing_state(failure: Failure, where: str) -> str:
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
    dumped = "that was dumped here" if where == "here" else "that was dumped"
    return f"the code there reads {name!r}, which the state {dumped} has not"


def _owners(module: str, evidence: Evidence) -> tuple[Owner, Owner] | None:
    """Return the distributions of a module at its maker and there, where both have one."""
    if not module or evidence.is_stdlib(module):
        return None
    made = evidence.owner(module)
    if made is not None and not made.version:
        return None
    there = evidence.there(module, made.name if made else None)
    return None if made is None or there is None else (made, there)


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
