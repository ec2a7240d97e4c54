"""A difference without an error: the other version there that may be the cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pytest_portable.diagnosis.causes.skew import apart, spell_versions, versions_of
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
    paths: tuple[str, ...]
    made: Owner
    there: Owner
    evidence: Evidence

    def towards(self, place: str) -> str:
        """Return the path of it that leads furthest to a place."""
        return max(self.paths, key=lambda path: _length_in_common(path, place))

    def leads_to(self, place: str) -> bool:
        """Return whether a place is in something that is of this global."""
        return any(_length_in_common(path, place) for path in self.paths)


def other_versions(evidence: Evidence) -> Iterator[OtherVersion]:
    """Yield the globals of a payload with another version there, the outermost first.

    The serializer's own code is left out, because its versions have other problem codes.
    """
    found = []
    for module, name, paths in evidence.references():
        if module.partition(".")[0] in evidence.runtimes:
            continue
        made = evidence.owner(module) or evidence.maker.keeper(module)
        version = None if made is None else evidence.installed(made.name)
        if made is not None and not made.version:
            continue
        if made is not None and version not in {None, made.version}:
            there = Owner(made.name, str(version))
            found.append(OtherVersion(module, name, paths, made, there, evidence))
        elif (made is None or version == made.version) and not evidence.is_stdlib(module):
            sides = versions_of(module, name, evidence)
            if sides is not None and sides[0] != sides[1]:
                found.append(OtherVersion(module, name, paths, *sides, evidence))
    yield from sorted(found, key=lambda one: len(one.paths[0]))


def explain_difference(
    suspects: Sequence[OtherVersion],
    place: str,
    *,
    stage: str = "compare",
    said: str | None = None,
) -> Problem:
    """Return the problem of the version that a difference comes from.

    Args:
        suspects: at least one; those of the object before those of other payloads.
        place: path of the difference: in the object, or in a result, whose root has another name.
        stage: at which it shows.
        said: what happened, for the message; by default the evidence is that the maker's own
            environment shows no such difference.
    """
    first = max(suspects, key=lambda one: _length_in_common(one.towards(place), place))
    where = first.evidence.maker.where
    which = "this environment" if where == "here" else "the environment that dumped it"
    shows = f"a fresh process of {which} shows no such difference"
    versions = spell_versions(first.module, (first.made, first.there), first.evidence)
    told = "; ".join(apart(first.module, first.name, first.evidence)[:_MAX_TOLD])
    more = dict.fromkeys(
        f"{one.made} {where}, {one.there.version} there"
        for one in suspects
        if one.made.name != first.made.name
    )
    also = f" (also {'; '.join(list(more)[:_MAX_OTHERS])})" if more else ""
    return Problem(
        code="version-skew",
        stage=stage,
        path=first.towards(place),
        module=first.module,
        distribution=first.made.name,
        message=f"{first.module}.{first.name} is {versions}{f': {told}' if told else ''}{also}"
        f"{f'; {said}' if said else ''}",
        evidence=shows if said is None else "",
        remedies=pin(first.evidence, first.made),
    )


def _length_in_common(path: str, place: str) -> int:
    """Return how far a path leads to a place; nothing where it leads elsewhere."""
    is_on_the_way = place.startswith(path) and place[len(path) :][:1] in {"", ".", "[", "("}
    return len(path) if is_on_the_way else 0
