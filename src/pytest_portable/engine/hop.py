"""One environment of a route."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pytest_portable.agent import Agent
from pytest_portable.environment import Environment
from pytest_portable.judgement.context import Side, side_of
from pytest_portable.serializers import Serializer
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Target

__all__ = ["Hop", "hop_legs"]


@dataclass(frozen=True)
class Hop:
    """One environment on the way.

    Attributes:
        leg: as that of the check, with the hop's Python and requirements.
        is_opaque: it may only forward: nothing is loaded or imported there.
    """

    leg: Leg
    target: Target
    agent: Agent
    environment: Environment
    is_opaque: bool

    @property
    def side(self) -> Side:
        """Its Python, as whoever loads there."""
        return side_of(self.target)

    @property
    def words(self) -> str:
        """Its Python, and what it holds or that it is opaque."""
        deps = ", ".join(self.leg.deps or ()) or "bare"
        return f"{self.target.label}, {'opaque' if self.is_opaque else deps}"

    def facts(self) -> dict[str, object]:
        """Return what a verdict says of it."""
        return {
            "python": self.target.python,
            "deps": list(self.leg.deps or ()),
            "opaque": self.is_opaque,
        }


def hop_legs(leg: Leg, serializer: Serializer) -> list[tuple[Leg, bool]]:
    """Return the leg of every hop of a route, and whether it is opaque.

    What the mark says of the payload holds for the leg's target alone. An opaque hop needs no
    serializer, but where the system's servers read what lies outside of the pickles.
    """
    found = []
    for end in leg.via:
        is_opaque = bool(end.get("opaque", False))
        deps: Any = end.get("deps", ())
        python: Any = end.get("python")
        hop = replace(
            leg,
            python=python,
            deps=tuple(deps),
            install_serializer=leg.install_serializer
            and (serializer.reader is not None or not is_opaque),
            via=(),
            producer=None,
            absent=(),
            forbid=(),
            preload=(),
            max_bytes=None,
        )
        found.append((hop, is_opaque))
    return found
