"""A route: through other environments in order, before the leg's own target."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_portable.equivalence import compare
from pytest_portable.errors import OptionError
from pytest_portable.judgement.load_answer import loader_for
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.agent import Agent, Message
    from pytest_portable.environment import Environment
    from pytest_portable.judgement.check import Check
    from pytest_portable.serializers import Serializer
    from pytest_portable.settings.legs import Leg
    from pytest_portable.verdict import Target

__all__ = ["Hop", "blame_hop", "hop_legs", "refuse_calls", "route_facts", "take_route"]


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


def refuse_calls(leg: Leg, serializer: Serializer) -> None:
    """Refuse a call on a route where the system has a message of its own for it.

    Raises:
        OptionError: nobody but the system's worker reads that message.
    """
    if leg.via and serializer.task is not None:
        raise OptionError(
            f"via: {serializer.name} sends a call as a message that only its worker reads; leave "
            "via out, or check what passes on: portable(func) for the function, portable(value) "
            "for what one task hands to the next"
        )


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
    if there.serializer.reader is not None and there.leg.install_serializer:
        return _read(there, there.serializer.reader, payloads)
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


def _read(there: Check, reader: str, payloads: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Let the system's server read what lies outside of the pickles, and see that it loads none."""
    options, _ = there.serializer.split(there.leg.options)
    there.travel("forward", payloads, (), round_trip=False, reader=[reader, dict(options)])
    judge_transcript(there)
    del there.problems[1:]  # what the payload itself needs does not matter here
    assert there.transcript is not None
    done = there.transcript.find("events")
    events = [] if done is None else done.header["events"]
    if found := [event for event in events if _is_of_payload(event, there, payloads)]:
        told = ", ".join(dict.fromkeys(found))
        there.problems.append(_not_opaque(f"did more than read: {told}", str(found)))
    handed_on = []
    for name, data in payloads:
        record = there.transcript.find("forwarded", name)
        if record is None or record.blob is None:
            continue
        pickles = there.serializer.pickles
        if list(map(bytes, pickles(data))) != list(map(bytes, pickles(record.blob))):
            there.problems.append(_not_opaque(f"changed what lies inside of {name}", ""))
        handed_on.append((name, record.blob))
    return handed_on


def _is_of_payload(event: str, there: Check, payloads: list[tuple[str, bytes]]) -> bool:
    """Tell whether a server loaded, or imported what a payload refers to; its own it may import."""
    kind, _, name = event.partition(" ")
    if kind != "import":
        return kind in {"pickle", "pickle.find_class"}
    tops = {
        reference.module.partition(".")[0]
        for root, data in payloads
        for reference in there.inspection(data, root).references
        if not (reference.machinery or reference.stdlib)
    }
    return name.partition(".")[0] in tops


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
