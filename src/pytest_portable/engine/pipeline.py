"""One check through all stages: dump, inspect, prepare, load, call, return, compare."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.asking import is_kind
from pytest_portable.agent.in_target.portrait import draw, held_names
from pytest_portable.agent.records import Failed, Raised, Returned, Value
from pytest_portable.engine.asking import (
    DRAWING_SECONDS,
    CheckRun,
    Request,
    ask,
    drawing,
    evidence_of,
)
from pytest_portable.engine.dumping import dump_all, dumps
from pytest_portable.engine.outcome import Outcome, conclude
from pytest_portable.engine.route import Trail, blame_hop, take_route
from pytest_portable.engine.task import run_task
from pytest_portable.judgement.argument_paths import argument_paths
from pytest_portable.judgement.before_load import judge_before_load
from pytest_portable.judgement.carried_hashes import judge_carried_hashes
from pytest_portable.judgement.context import Sent
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.exceptions import (
    add_note,
    bring_back_exception,
    ends_session,
    not_raised,
)
from pytest_portable.judgement.findings import Back, Findings, problems
from pytest_portable.judgement.late_imports import note_imports
from pytest_portable.judgement.portraits import (
    OBJECT,
    Portraits,
    judge_described,
    judge_unmatched,
    read_portraits,
)
from pytest_portable.judgement.probe_causes import explain_probes
from pytest_portable.judgement.returned import (
    judge_probe,
    judge_probe_there,
    judge_return,
    load_back,
    undumped_there,
)
from pytest_portable.judgement.state_paths import with_state_path
from pytest_portable.judgement.surroundings.judge import ask_around, judge_surroundings
from pytest_portable.judgement.transcript import judge_transcript
from pytest_portable.judgement.unread_files import judge_file, protocol_of
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem

__all__ = [
    "NotDumped",
    "NotMade",
    "check_object",
    "check_payload",
    "draw_payloads",
    "make_there",
    "run_call",
]


class NotMade(Exception):  # noqa: N818 - what a producer did, told as a set-up error
    """A producer made no object; the text says why."""


class NotDumped(NotMade):
    """A producer made an object that cannot be dumped there.

    Attributes:
        problem: which part of it, and why.
    """

    def __init__(self, problem: Problem) -> None:
        """Keep the problem beside its text."""
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True)
class _Travelled:
    """A check whose payloads went as far as they could.

    Attributes:
        sent: what was dumped.
        found: so far.
        seconds: of each stage.
        trail: of the route.
        transcript: `None` where nothing was asked of the target.
        evidence: of what was judged last.
    """

    run: CheckRun
    sent: Sent
    found: Findings
    seconds: Mapping[str, float]
    trail: Trail | None = None
    transcript: Transcript | None = None
    evidence: Evidences | None = None

    def concluded(self) -> Outcome:
        return conclude(
            self.run,
            self.sent,
            self.found,
            seconds=self.seconds,
            trail=self.trail,
            transcript=self.transcript,
        )


def check_object(
    run: CheckRun,
    *,
    names: Mapping[str, object],
    probes: tuple[Probe, ...],
    equal: Callable[[Any, Any], object] | None,
) -> Outcome:
    """Take an object through all stages.

    Args:
        run: the check.
        names: values that the probes see.
        probes: evaluated on both sides.
        equal: the caller's own comparison.
    """
    context = run.context
    here, described = _drawn_here(run)
    dumped = dump_all(run, {"obj": context.obj, **names})
    if context.portraits is not None:  # reading an object may fill what it makes when it is asked
        with context.shipping.dumping():
            context.portraits[OBJECT] = draw(context.obj)
    taken = {"dump": dumped.seconds, **described}
    spelled = partial(with_state_path, roots={"obj": context.obj, **names})
    ready = _before_load(run, dumped.sent, dumped.found, taken)
    if ready.trail is None or ready.found.problems:
        return replace(ready, found=ready.found.map(spelled)).concluded()
    questions = ask_around(context.serializer, ready.trail.payloads)
    more: dict[str, object] = {"survey": questions.to_request()}
    if not context.leg.round_trip and here:
        more["portrait"] = drawing(held_names(here[OBJECT]))
    request = Request(
        "check", ready.trail.payloads, probes, round_trip=context.leg.round_trip, more=more
    )
    there = _travel(ready, request)
    transcript, evidence, found = there.transcript, there.evidence, there.found
    assert transcript is not None
    assert evidence is not None
    seconds, trail = dict(there.seconds), ready.trail
    if transcript.first(Returned) is not None:
        begun = time.monotonic()
        found += judge_return(context, transcript, evidence, equal, found)
        seconds["compare"] = time.monotonic() - begun
    elif "portrait" in more:
        drawn = read_portraits(transcript)
        seconds["describe"] = seconds.get("describe", 0.0) + drawn.seconds
        found += judge_described(context, here, drawn, evidence)
    trail, found = blame_hop(run, trail, found, equal)
    for probe in probes:
        found += judge_probe(context, transcript, evidence, probe, names, found)
    found = judge_surroundings(
        context, transcript, evidence, questions, found, is_overruled=equal is not None
    )
    found = judge_carried_hashes(context, evidence, questions.named, found)
    if probes and found.problems:
        found = explain_probes(context, evidence, probes, names, found)
    found += note_imports(context, there.sent, evidence, found)
    found = found.map(spelled)
    return replace(there, found=found, seconds=seconds, trail=trail).concluded()


def _drawn_here(run: CheckRun) -> tuple[Portraits, dict[str, float]]:
    """Draw the original, where its portrait is kept or compared; nothing has changed it so far.

    Returns:
        The portrait, and the seconds of the stage.
    """
    context = run.context
    if context.portraits is None and context.leg.round_trip:
        return {}, {}
    begun = time.monotonic()
    with context.shipping.dumping():
        here = {OBJECT: draw(context.obj, end=begun + DRAWING_SECONDS)}
    return here, {"describe": time.monotonic() - begun}


def check_payload(
    run: CheckRun, data: bytes, *, names: Mapping[str, object], probes: tuple[Probe, ...]
) -> Outcome:
    """Take a payload that is there already through all stages; it is never loaded here."""
    dumped = dump_all(run, names)
    sent = replace(dumped.sent, payloads=(("obj", data), *dumped.sent.payloads))
    ready = _before_load(run, sent, dumped.found, {"dump": dumped.seconds})
    if ready.trail is None or ready.found.problems:
        return _of_file(ready.concluded(), data, "")
    request = Request(
        "check", ready.trail.payloads, probes, more={"survey": None, "portrait": drawing()}
    )
    there = _travel(ready, request)
    assert there.transcript is not None
    assert there.evidence is not None
    found = there.found
    for probe in probes:
        found += judge_probe_there(run.context, there.transcript, there.evidence, probe)
    drawn = read_portraits(there.transcript)
    found = judge_file(run.context, data, found) + judge_unmatched(drawn)
    outcome = replace(there, found=found).concluded()
    return _of_file(outcome, data, drawn.object_type)


def _of_file(outcome: Outcome, data: bytes, kind: str) -> Outcome:
    """Return an outcome whose verdict says of a payload without an original what its bytes say.

    Args:
        outcome: of the payload.
        data: the payload.
        kind: the class that was loaded; empty where it was not loaded.
    """
    verdict = replace(
        outcome.verdict,
        object=kind or "payload",
        protocol=protocol_of(outcome.sent.context.serializer.pickles(data)),
    )
    return replace(outcome, verdict=verdict)


def draw_payloads(
    run: CheckRun,
    payloads: tuple[tuple[str, bytes], ...],
    probes: tuple[Probe, ...],
    wanted: Mapping[str, Sequence[str]],
) -> Outcome:
    """Take payloads that were made elsewhere through all stages; nothing comes back loaded.

    Args:
        run: the check.
        payloads: names and bytes; the object is `obj`.
        probes: what they return is drawn too.
        wanted: by qualified name of a class, the attributes that the other side holds.

    Returns:
        The outcome; its value is what was drawn.
    """
    ready = _before_load(run, Sent(payloads, run.context), Findings(), {})
    if ready.trail is None or ready.found.problems:
        return ready.concluded()
    more = {"portrait": drawing(wanted, probes=True)}
    there = _travel(ready, Request("check", ready.trail.payloads, probes, more=more))
    assert there.transcript is not None
    drawn = read_portraits(there.transcript)
    return replace(there.concluded(), value=drawn if drawn.portraits else None)


def make_there(run: CheckRun, probes: tuple[Probe, ...]) -> tuple[bytes, Portraits]:
    """Return what the first probe makes there, dumped there, and drawn before; not loaded here.

    Args:
        run: the check.
        probes: the others are evaluated on what it made, and what they return is drawn.

    Raises:
        NotMade: it raised.
        NotDumped: what it made cannot be dumped there.
    """
    payloads = (("obj", dumps(run.context, None)),)
    more = {"portrait": drawing(probes=True)}
    transcript = ask(run, Request("make", payloads, probes, more=more))
    if (made := transcript.first(Value)) is not None:
        return made.blob, read_portraits(transcript).portraits
    failed = transcript.first(Raised) or transcript.first(Failed)
    if isinstance(failed, Failed) and failed.part is not None:
        raise NotDumped(undumped_there(failed, probes[0].label))
    raise NotMade(
        f"the process ended while {transcript.last_step()}" if failed is None else str(failed.error)
    )


def run_call(run: CheckRun, args: tuple[object, ...], kwargs: dict[str, object]) -> Outcome:
    """Ship a function and its arguments, bring back what it returned or raised."""
    run = replace(run, context=replace(run.context, arguments=argument_paths(args, kwargs)))
    context = run.context
    if context.serializer.task is not None:
        return run_task(run, context.serializer.task, args, kwargs)
    dumped = dump_all(run, {"obj": context.obj, "arguments": (args, kwargs)})
    ready = _before_load(run, dumped.sent, dumped.found, {"dump": dumped.seconds})
    if ready.trail is None or ready.found.problems:
        return ready.concluded()
    questions = ask_around(context.serializer, ready.trail.payloads)
    request = Request("call", ready.trail.payloads, more={"survey": questions.to_request()})
    there = _travel(ready, request)
    transcript, evidence, found = there.transcript, there.evidence, there.found
    assert transcript is not None
    assert evidence is not None
    raised, record = transcript.first(Raised), transcript.first(Value)
    value: Back[object] = Back(None)
    error: Back[BaseException] = Back(None)
    with context.shipping.loading():
        if raised is not None:
            error = bring_back_exception(context, transcript, evidence, raised)
        elif record is not None:
            value = load_back(context, evidence, record, "obj()")
    found += error.findings + value.findings
    if error.value is not None and ends_session(error.value):
        found += problems([not_raised(error.value)])
    found = judge_surroundings(
        context,
        transcript,
        evidence,
        questions,
        found,
        is_overruled=False,
        travelled=(context.obj, args, kwargs),
    )
    known = len(found.notes)
    found = judge_carried_hashes(context, evidence, questions.named, found, (args, kwargs))
    if is_kind(error.value, LookupError):  # what is looked up by its hash is not found there
        for note in found.notes[known:]:
            add_note(error.value, f"{note.code}: {note.path}: {note.message}")
    outcome = replace(there, found=found).concluded()
    return replace(outcome, value=value.value, raised=error.value)


def _before_load(
    run: CheckRun, sent: Sent, found: Findings, seconds: Mapping[str, float]
) -> _Travelled:
    """Refuse what cannot be loaded there, and send the rest through the hops of its route."""
    if not found.problems:
        found += judge_before_load(run.context, sent, evidence_of(run, sent))
    if found.problems:
        return _Travelled(run, sent, found, seconds)
    trail = take_route(run, sent.payloads)
    return _Travelled(run, sent, found + trail.found, {**seconds, **trail.seconds}, trail)


def _travel(ready: _Travelled, request: Request) -> _Travelled:
    """Run a request in a fresh process of the target, and judge what it recorded."""
    run = ready.run
    transcript = ask(run, request)
    # Whoever looks for the cause reads one stream, as it was: a probe may change the object.
    sent = ready.sent if transcript.is_clean() else ready.sent.in_one_piece()
    evidence = evidence_of(run, sent, transcript)
    return replace(
        ready,
        sent=sent,
        found=ready.found + judge_transcript(run.context, transcript, evidence),
        seconds={**ready.seconds, "there": transcript.seconds},
        transcript=transcript,
        evidence=evidence,
    )
