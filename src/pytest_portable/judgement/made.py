"""What another environment made: drawn there and in the target, and judged, versions first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_portable.agent.in_target.portrait import held_names
from pytest_portable.diagnosis import explain_difference
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.portraits import (
    OBJECT,
    Portraits,
    Telling,
    judge_portraits,
    judge_unmet,
)
from pytest_portable.judgement.returned import judge_probe_there
from pytest_portable.judgement.version_skew import suspects_of
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem

__all__ = ["Made", "judge_made", "wanted_of"]


@dataclass(frozen=True)
class Made:
    """An object that another environment made, or this one at another time.

    Attributes:
        portraits: what was drawn of it, and of what its probes returned, where it was made.
        telling: how the two sides are named.
        probes: of the check.
        said: what the maker says of each; see `judge_portraits`.
    """

    portraits: Portraits
    telling: Telling
    probes: tuple[Probe, ...] = ()
    said: Sequence[Mapping[str, Any]] = ()

    def called_in_vain(self, now: Portraits) -> list[Probe]:
        """Return the probes that returned where it was made, and raised for another side."""
        return [probe for probe in self.probes if self._is_raised(probe.label, now)]

    def _is_raised(self, label: str, now: Portraits) -> bool:
        sides = self.portraits.get(label), now.get(label)
        return [side[0][1] == "raised" for side in sides if side] == [False, True]

    def held_against(
        self, evidence: Evidences, now: Portraits, apart: Collection[str] = ()
    ) -> Findings:
        """Return what differs from another drawing, but for the results of some probes."""
        then, now = (
            {name: nodes for name, nodes in side.items() if name not in apart}
            for side in (self.portraits, now)
        )
        return judge_portraits(evidence.context, then, now, self.telling, probes=self.said)


def judge_made(
    evidence: Evidences, made: Made, now: Portraits, *, today: Portraits | None = None
) -> Findings:
    """Return every difference of what two environments drew, after the version it comes from.

    Args:
        evidence: of the check that loaded what was made.
        made: what was made.
        now: what the reader drew.
        today: of the object as the reader's code makes it: what it has, the other has to give too.
    """
    assert evidence.transcript is not None
    found, vain = NOTHING, made.called_in_vain(now)
    told = f"and not where {made.telling.maker} made it"
    for probe in vain:
        found += judge_probe_there(
            evidence.context, evidence.transcript, evidence, probe, told=told
        )
    found += made.held_against(evidence, now, [probe.label for probe in vain])
    if today is not None:
        found += judge_unmet(today, now, found)
    if any(problem.code == "version-skew" for problem in found.problems):
        return found
    places = [one.path or "obj" for one in found.problems if one.stage == "compare"]
    return problems(with_paths(_versions(evidence, made, places))) + found


def _versions(evidence: Evidences, made: Made, places: Sequence[str]) -> list[Problem]:
    """Return the version that differences come from, if there is one.

    Where the maker's own environment is at hand, a fresh process of it decides: what differs there
    too comes from no version. Where it is not, a global of another version has to hold the place,
    or a probe has to be what differs.
    """
    suspects = suspects_of(evidence) if places else []
    if not suspects:
        return []
    control = evidence.draw_here(made.probes, wanted_of(made.portraits))
    if control is None:
        roots = tuple(probe.label for probe in made.probes)
        left = [
            place
            for place in places
            if place.startswith(roots) or any(one.leads_to(place) for one in suspects)
        ]
    elif OBJECT in control:
        own = {one.path for one in made.held_against(evidence, control).problems}
        left = [place for place in places if place not in own]
    else:
        left = []  # what its maker cannot load either is of no version
    if not left:
        return []
    place = next((one for one in left if one.startswith("obj")), left[0])
    return [explain_difference(suspects, place, said=None if control else "")]


def wanted_of(*sides: Portraits) -> dict[str, list[str]]:
    """Return the attributes that objects in some portraits hold, by name of their class."""
    found: dict[str, set[str]] = {}
    for portraits in sides:
        for name, held in held_names(portraits.get(OBJECT, ())).items():
            found.setdefault(name, set()).update(held)
    return {name: sorted(held) for name, held in found.items()}
