"""Asking a process: one request to an agent, and what a diagnosis may ask afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from pytest_portable.agent import Agent, Transcript
from pytest_portable.agent.in_target import portrait
from pytest_portable.diagnosis import Questions
from pytest_portable.engine.fresh_survey import fresh_survey
from pytest_portable.engine.hop import Hop
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.portraits import Portraits, read_portraits
from pytest_portable.judgement.seeds import seeded_modules
from pytest_portable.settings.probes import Probe

__all__ = ["DRAWING_SECONDS", "CheckRun", "Request", "ask", "drawing", "evidence_of"]

# Of each side, on top of what loading takes: what is not drawn by then is not compared.
DRAWING_SECONDS: Final = 5.0


@dataclass(frozen=True)
class CheckRun:
    """One check, and the processes that it may use.

    Attributes:
        context: what is checked.
        agent: of the target.
        control: starts an agent in the host's own environment; `None` where there is none.
        hops: environments that it goes through first.
        in_one_piece: whether payloads are kept whole, for others to keep.
        notes_of_environment: what the store remarked while it built the environment.
        started: by `time.monotonic()`.
    """

    context: Context
    agent: Agent
    control: Callable[[], Agent] | None
    hops: tuple[Hop, ...]
    in_one_piece: bool
    notes_of_environment: tuple[str, ...]
    started: float

    def at(self, hop: Hop) -> CheckRun:
        """Return the same check at a hop."""
        context = replace(
            self.context,
            leg=hop.leg,
            target=hop.target,
            reader=hop.side,
            environment=hop.environment,
            is_routed=False,
        )
        return replace(
            self,
            context=context,
            agent=hop.agent,
            hops=(),
            notes_of_environment=hop.environment.notes,
        )


@dataclass(frozen=True)
class Request:
    """What one process of a target is asked to do.

    Attributes:
        kind: see `agent/in_target/messages.py`.
        payloads: names and bytes.
        more: keys of the request that only this kind has.
    """

    kind: str
    payloads: tuple[tuple[str, bytes], ...]
    probes: tuple[Probe, ...] = ()
    round_trip: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


def ask(run: CheckRun, request: Request, agent: Agent | None = None) -> Transcript:
    """Run a request in a fresh process of the target, or of another environment."""
    context, agent = run.context, agent or run.agent
    serializer, leg = context.serializer, context.leg
    more = dict(request.more)
    if (drawn := more.get("portrait")) and not agent.shares_files:
        more["portrait"] = {**drawn, "source": _source()}
    dumping, loading = serializer.split(leg.options)
    options = dumping if serializer.dumpers[0].partition(":")[0] != "pickle" else {}
    dumpers = [
        [name, dict(options) if number == 0 else {}]
        for number, name in enumerate(serializer.dumpers)
    ]
    message = {
        "kind": request.kind,
        "dumpers": dumpers,
        "protocol": context.protocol,
        "round_trip": request.round_trip,
        "probes": [probe.to_request() for probe in request.probes],
        "seed": leg.seed,
        "seeded": seeded_modules(leg.seed),
        "warnings": leg.warnings,
        **more,
        "outside": serializer.dump is not None and not run.in_one_piece,
    }
    return agent.run_check(
        message,
        request.payloads,
        loaders=[[name, loading] for name in serializer.loaders],
        timeout_seconds=leg.timeout_seconds,
        sources=context.shipping.sent,
    )


def drawing(
    wanted: Mapping[str, Sequence[str]] | None = None, *, probes: bool = False
) -> dict[str, object]:
    """Return what a request says where the object is to be drawn; `ask` adds the code if it must.

    Args:
        wanted: by qualified name of a class, the attributes that the other side holds.
        probes: whether what probes return is drawn too, instead of brought back.
    """
    return {
        "source": None,
        "wanted": wanted or {},
        "seconds": DRAWING_SECONDS,
        "probes": probes,
    }


@cache
def _source() -> str:
    return Path(portrait.__file__).read_text("utf-8")


def evidence_of(run: CheckRun, sent: Sent, transcript: Transcript | None = None) -> Evidences:
    """Return what a diagnosis may ask about a check; nothing is asked yet.

    Args:
        run: the check.
        sent: what travelled.
        transcript: of the run that is judged; `None` before there is one.
    """
    context = run.context

    def questions(agent: Agent) -> Questions:
        _, loading = context.serializer.split(context.leg.options)
        return Questions(
            agent=agent,
            payloads=sent.payloads,
            loaders=[(name, loading) for name in context.serializer.loaders],
            timeout_seconds=context.leg.timeout_seconds,
            sources=context.shipping.sent,
            machinery=context.serializer.machinery,
        )

    def run_here(probe: Probe | None) -> Transcript | None:
        if run.control is None:
            return None
        probes = () if probe is None else (probe,)
        request = Request("check", sent.payloads, probes, round_trip=probe is None)
        return ask(run, request, run.control())

    def draw_here(
        probes: tuple[Probe, ...], wanted: Mapping[str, Sequence[str]]
    ) -> Portraits | None:
        if run.control is None:
            return None
        more = {"survey": None, "portrait": drawing(wanted, probes=True)}
        request = Request("check", sent.payloads, probes, more=more)
        return read_portraits(ask(run, request, run.control())).portraits

    def dump_again() -> bytes | None:
        if sent.data("obj") is None:
            return None
        protocol = {} if context.protocol is None else {"protocol": context.protocol}
        options, _ = context.serializer.split(context.leg.options)
        with context.shipping.dumping():
            return context.serializer.dumps(context.obj, **protocol, **options)

    return Evidences(
        context=context,
        sent=sent,
        transcript=transcript,
        questions=questions(run.agent),
        control=lambda: None if run.control is None else questions(run.control()),
        run_here=run_here,
        draw_here=draw_here,
        survey_fresh=fresh_survey,
        dump_again=dump_again,
    )
