"""A route: through other environments in order, before the leg's own target."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_portable.agent import Transcript
from pytest_portable.agent.records import Events, Forwarded, Returned
from pytest_portable.engine.asking import CheckRun, Request, ask, evidence_of
from pytest_portable.equivalence import compare
from pytest_portable.errors import OptionError
from pytest_portable.judgement.before_load import judge_before_load
from pytest_portable.judgement.context import Sent
from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.judgement.load_answer import loader_for
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.serializers import Serializer
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Problem, Remedy

__all__ = ["Trail", "blame_hop", "refuse_calls", "take_route"]

_Payloads = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Trail:
    """What a route did to the payloads.

    Attributes:
        payloads: what the last hop handed on; empty where one broke.
        found: problems and notes of the hops.
        passed: what each hop that loads dumped again for the object.
        broken: number of the hop that broke, or since which an object differs; from 1.
        seconds: of each hop.
        transcript: of the hop that broke.
        facts: what a verdict says of the route.
    """

    payloads: _Payloads
    found: Findings = NOTHING
    passed: tuple[Returned | None, ...] = ()
    broken: int | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    transcript: Transcript | None = None
    hops: tuple[Mapping[str, object], ...] = ()

    @property
    def facts(self) -> dict[str, object]:
        """What a verdict says of a route: its hops, and the number of the one that broke."""
        return {"via": list(self.hops), "hop": self.broken} if self.hops else {}


@dataclass(frozen=True)
class _Passed:
    """What one hop handed on, and what was found there."""

    payloads: _Payloads
    found: Findings
    transcript: Transcript | None


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


def take_route(run: CheckRun, payloads: _Payloads) -> Trail:
    """Send payloads through every hop; what the last one hands on goes to the target.

    A hop loads and dumps again, an opaque one hands the bytes on. Where one breaks, the route ends.
    """
    trail = Trail(payloads, hops=tuple(hop.facts() for hop in run.hops))
    for number, hop in enumerate(run.hops, 1):
        there = run.at(hop)
        done = (_forwarded if hop.is_opaque else _handed_on)(there, trail.payloads)
        spent = 0.0 if done.transcript is None else done.transcript.seconds
        trail = replace(
            trail,
            payloads=done.payloads,
            found=trail.found + done.found.map(_at(run, number)),
            seconds={**trail.seconds, f"hop {number}": spent},
        )
        if done.found.problems:
            return replace(trail, payloads=(), broken=number, transcript=done.transcript)
        assert done.transcript is not None
        record = done.transcript.first(Returned, "obj")
        trail = replace(trail, passed=(*trail.passed, record))
    return trail


def _travel(there: CheckRun, request: Request) -> tuple[Transcript, Findings]:
    """Run a request at a hop and judge what it recorded."""
    transcript = ask(there, request)
    sent = Sent(request.payloads, there.context)
    sent = sent if transcript.is_clean() else sent.in_one_piece()
    evidence = evidence_of(there, sent, transcript)
    return transcript, judge_transcript(there.context, transcript, evidence)


def _handed_on(there: CheckRun, payloads: _Payloads) -> _Passed:
    """Load and dump every payload at a hop."""
    sent = Sent(payloads, there.context)
    before = judge_before_load(there.context, sent, evidence_of(there, sent))
    if before.problems:
        return _Passed((), before, None)
    transcript, found = _travel(there, Request("pass", payloads, round_trip=True))
    records = [transcript.first(Returned, name) for name, _ in payloads]
    handed = tuple((record.name, record.blob) for record in records if record is not None)
    return _Passed(handed, before + found, transcript)


def _forwarded(there: CheckRun, payloads: _Payloads) -> _Passed:
    """Hand every payload on at a hop that may not look into it, and see that it did not."""
    if there.context.serializer.reader is not None and there.context.leg.install_serializer:
        return _read(there, there.context.serializer.reader, payloads)
    transcript, found = _travel(there, Request("forward", payloads))
    if events := _events(transcript):
        found += _not_opaque(f"did more than forward: {', '.join(events[:5])}", str(list(events)))
    for name, data in payloads:
        record = transcript.first(Forwarded, name)
        if not found.problems and (record is None or record.blob != data):
            found += _not_opaque(f"did not hand on the bytes of {name}", "")
    return _Passed(payloads, found, transcript)


def _events(transcript: Transcript) -> tuple[str, ...]:
    done = transcript.first(Events)
    return () if done is None else done.events


def _read(there: CheckRun, reader: str, payloads: _Payloads) -> _Passed:
    """Let the system's server read what lies outside of the pickles, and see that it loads none."""
    serializer = there.context.serializer
    options, _ = serializer.split(there.context.leg.options)
    request = Request("forward", payloads, more={"reader": [reader, dict(options)]})
    transcript, found = _travel(there, request)
    # What the payload itself needs does not matter here.
    found = replace(found, problems=found.problems[:1])
    tops = _tops(Sent(payloads, there.context))
    if events := [event for event in _events(transcript) if _is_of_payload(event, tops)]:
        told = ", ".join(dict.fromkeys(events))
        found += _not_opaque(f"did more than read: {told}", str(events))
    handed_on = []
    for name, data in payloads:
        record = transcript.first(Forwarded, name)
        if record is None:
            continue
        pickles = serializer.pickles
        if list(map(bytes, pickles(data))) != list(map(bytes, pickles(record.blob))):
            found += _not_opaque(f"changed what lies inside of {name}", "")
        handed_on.append((name, record.blob))
    return _Passed(tuple(handed_on), found, transcript)


def _tops(sent: Sent) -> Callable[[], set[str]]:
    """Return what reads the top-level modules that payloads refer to, once it is asked."""
    return lambda: {
        reference.module.partition(".")[0]
        for root, _ in sent.payloads
        for reference in sent.inspection(root).references
        if not (reference.machinery or reference.stdlib)
    }


def _is_of_payload(event: str, tops: Callable[[], set[str]]) -> bool:
    """Return whether a server loaded something, or imported what a payload refers to."""
    kind, _, name = event.partition(" ")
    if kind != "import":
        return kind in {"pickle", "pickle.find_class"}
    return name.partition(".")[0] in tops()


def _not_opaque(message: str, evidence: str) -> Findings:
    problem = Problem(
        code="side-effect", stage="load", path="obj", message=message, evidence=evidence
    )
    return Findings((problem,))


def blame_hop(
    run: CheckRun, trail: Trail, found: Findings, equal: Callable[[Any, Any], object] | None
) -> tuple[Trail, Findings]:
    """Say since which hop an object that came back differs: what each handed on is looked at.

    Returns:
        The trail with the hop, and all findings.
    """
    differing = [
        problem
        for problem in found.problems
        if problem.code == "mismatch" and re.match(r"(type\()?obj\b", problem.path or "")
    ]
    if not run.hops or not differing:
        return trail, found
    where = f"since the target itself ({run.context.label})"
    for number, record in enumerate(trail.passed, 1):
        if record is not None and _differs(run, record, equal):
            where = f"since {_where(run, number)}"
            trail = replace(trail, broken=number)
            break
    worded = tuple(
        replace(problem, message=f"{problem.message}, {where}") if problem in differing else problem
        for problem in found.problems
    )
    return trail, replace(found, problems=worded)


def _differs(run: CheckRun, record: Returned, equal: Callable[[Any, Any], object] | None) -> bool:
    context = run.context
    with contextlib.suppress(BaseException), context.shipping.loading():
        returned = loader_for(context, record)(record.blob)
        return bool(
            compare(
                context.obj,
                returned,
                equal=equal,
                rtol=context.leg.rtol,
                atol=context.leg.atol,
                signed_zero=context.leg.signed_zero,
                comparators=context.comparators,
                sharing=context.serializer.keeps_sharing,
            )
        )
    return True


def _where(run: CheckRun, number: int) -> str:
    return f"hop {number} ({run.hops[number - 1].words})"


def _at(run: CheckRun, number: int) -> Callable[[Problem], Problem]:
    """Return what says at which hop a problem arose; its remedies are about that hop."""
    where = _where(run, number)

    def worded(problem: Problem) -> Problem:
        remedies = tuple(
            Remedy(f"via[{number - 1}]: {remedy.text}" if remedy.change else remedy.text)
            for remedy in problem.remedies
        )
        return replace(problem, message=f"{where}: {problem.message}", remedies=remedies)

    return worded
