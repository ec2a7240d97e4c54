"""A route: through other environments in order, before the leg's own target."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_portable.equivalence import compare
from pytest_portable.judgement.loading import loader_for
from pytest_portable.judgement.there import judge_transcript
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.environment import Environment
    from pytest_portable.judgement.check import Check
    from pytest_portable.plan import Leg
    from pytest_portable.target import Agent, Message
    from pytest_portable.verdict import Target

__all__ = ["Hop", "blame_hop", "hop_legs", "route_facts", "take_route"]


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


def hop_legs(leg: Leg) -> list[tuple[Leg, bool]]:
    """Return the leg of every hop of a route, and whether it is opaque.

    What the mark says of the payload holds for the leg's target alone. An opaque hop needs no
    serializer.
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
            install_serializer=leg.install_serializer and not is_opaque,
            via=(),
            producer=None,
            absent=(),
            forbid=(),
            preload=(),
            max_bytes=None,
        )
        found.append((hop, is_opaque))
    return found


def take_route(check: Check, payloads: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Send payloads through every hop; what the last one hands on goes to the target.

    A hop loads and dumps again, an opaque one hands the bytes on. Where one breaks, its problems
    become those of the check and the route ends.
    """
    for number, hop in enumerate(check.hops, 1):
        there = replace(
            check,
            leg=hop.leg,
            target=hop.target,
            agent=hop.agent,
            environment=hop.environment,
            notes_of_environment=hop.environment.notes,
            hops=(),
            problems=[],
            notes=[],
            seconds={},
            inspections={},
            evidences={},
            payloads=payloads,
        )
        payloads = (_forwarded if hop.is_opaque else _handed_on)(there, payloads)
        where = _where(check, number)
        check.seconds[f"hop {number}"] = there.seconds.get("there", 0.0)
        check.notes += [_at(where, number, note) for note in there.notes]
        if there.problems:
            check.problems += [_at(where, number, problem) for problem in there.problems]
            check.transcript, check.broken_hop = there.transcript, number
            return []
        assert there.transcript is not None
        check.passed.append(there.transcript.find("returned", "obj"))
    return payloads


def _handed_on(there: Check, payloads: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Load and dump every payload at a hop."""
    there.inspect(payloads)
    if there.problems:
        return []
    there.travel("pass", payloads, (), round_trip=True)
    judge_transcript(there)
    assert there.transcript is not None
    records = [(name, there.transcript.find("returned", name)) for name, _ in payloads]
    return [(name, record.blob) for name, record in records if record and record.blob is not None]


def _forwarded(there: Check, payloads: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Hand every payload on at a hop that may not look into it, and see that it did not."""
    there.travel("forward", payloads, (), round_trip=False)
    judge_transcript(there)
    assert there.transcript is not None
    done = there.transcript.find("events")
    events = [] if done is None else done.header["events"]
    if events:
        there.problems.append(
            _not_opaque(f"did more than forward: {', '.join(events[:5])}", str(events))
        )
    for name, data in payloads:
        record = there.transcript.find("forwarded", name)
        if not there.problems and (record is None or record.blob != data):
            there.problems.append(_not_opaque(f"did not hand on the bytes of {name}", ""))
    return payloads


def _not_opaque(message: str, evidence: str) -> Problem:
    return Problem(code="side-effect", stage="load", path="obj", message=message, evidence=evidence)


def blame_hop(check: Check, equal: Callable[[Any, Any], object] | None) -> None:
    """Say since which hop an object that came back differs: what each handed on is looked at."""
    differing = [
        problem
        for problem in check.problems
        if problem.code == "mismatch" and re.match(r"(type\()?obj\b", problem.path or "")
    ]
    if not check.hops or not differing:
        return
    where = f"since the target itself ({check.label})"
    for number, record in enumerate(check.passed, 1):
        if record is not None and _differs(check, record, equal):
            where = f"since {_where(check, number)}"
            check.broken_hop = number
            break
    check.problems = [
        replace(problem, message=f"{problem.message}, {where}") if problem in differing else problem
        for problem in check.problems
    ]


def _differs(check: Check, record: Message, equal: Callable[[Any, Any], object] | None) -> bool:
    assert record.blob is not None
    with contextlib.suppress(Exception), check.shipping.loading():
        returned = loader_for(check, record)(record.blob)
        return bool(
            compare(
                check.obj,
                returned,
                equal=equal,
                rtol=check.leg.rtol,
                atol=check.leg.atol,
                signed_zero=check.leg.signed_zero,
                comparators=check.comparators,
                sharing=check.serializer.keeps_sharing,
            )
        )
    return True


def route_facts(check: Check) -> dict[str, object]:
    """Return what a verdict says of a route: its hops, and the number of the one that broke."""
    if not check.hops:
        return {}
    via = [
        {
            "python": hop.target.python,
            "deps": list(hop.leg.deps or ()),
            "opaque": hop.is_opaque,
        }
        for hop in check.hops
    ]
    return {"via": via, "hop": check.broken_hop}


def _where(check: Check, number: int) -> str:
    hop = check.hops[number - 1]
    deps = ", ".join(hop.leg.deps or ()) or "bare"
    return f"hop {number} ({hop.target.label}, {'opaque' if hop.is_opaque else deps})"


def _at(where: str, number: int, problem: Problem) -> Problem:
    """Say at which hop a problem arose; its remedies are about that hop."""
    remedies = tuple(
        Remedy(f"via[{number - 1}]: {remedy.text}" if remedy.change else remedy.text)
        for remedy in problem.remedies
    )
    return replace(problem, message=f"{where}: {problem.message}", remedies=remedies)
