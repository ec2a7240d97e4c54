"""A difference without an error: the other version there that may be the cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pytest_portable.diagnosis.causes.skew import apart
from pytest_portable.diagnosis.causes.wording import pin
from pytest_portable.diagnosis.evidence import Evidence
from pytest_portable.diagnosis.host import Owner
from pytest_portable.verdict import Problem

__all__ = ["OtherVersion", "explain_difference", "other_versions"]

_MAX_TOLD: Final = 2
_MAX_OTHERS: Final = 3


class OtherVersion(NamedTuple):
    """A global of the payload whose distribution has another version there."""

    module: str
    name: str
    path: str
    here: Owner
    there: Owner
    evidence: Evidence


def other_versions(evidence: Evidence) -> Iterator[OtherVersion]:
    """Yield the globals of a payload with another version there, the outermost first.

    The serializer's own code is left out, because its versions have other problem codes.
    """
    found = []
    for module, name, paths in evidence.references():
        here = evidence.here.owner(module) or evidence.here.keeper(module)
        if here is None or module.partition(".")[0] in evidence.runtimes:
            continue
        version = evidence.installed(here.name)
        if version not in {None, here.version}:
            there = Owner(here.name, str(version))
            found.append(OtherVersion(module, name, paths[0], here, there, evidence))
    yield from sorted(found, key=lambda one: len(one.path))


def explain_difference(suspects: Sequence[OtherVersion], place: str) -> Problem:
    """Return the problem of the version that a difference comes from.

    Args:
        suspects: at least one; those of the object before those of other payloads.
        place: path of the difference: in the object, or in a result, whose root has another name.
    """
    first = max(suspects, key=lambda one: _length_in_common(one.path, place))
    told = "; ".join(apart(first.module, first.name, first.evidence)[:_MAX_TOLD])
    more = dict.fromkeys(
        f"{one.here} here, {one.there.version} there"
        for one in suspects
        if one.here.name != first.here.name
    )
    also = f" (also {'; '.join(list(more)[:_MAX_OTHERS])})" if more else ""
    return Problem(
        code="version-skew",
        stage="compare",
        path=first.path,
        module=first.module,
        distribution=first.here.name,
        message=f"{first.module}.{first.name} is of {first.there} there, of {first.here} here"
        f"{f': {told}' if told else ''}{also}",
        evidence="a fresh process of this environment shows no such difference",
        remedies=pin(first.evidence, first.here),
    )


def _length_in_common(path: str, place: str) -> int:
    """Return how far a path leads to a place; nothing where it leads elsewhere."""
    return len(path) if place.startswith(path) else 0
