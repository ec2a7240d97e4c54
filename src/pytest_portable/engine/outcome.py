"""What a check leaves: its verdict, what it was reached with, and for a call what came back."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.asking import module_of, qualname_of
from pytest_portable.engine.asking import CheckRun
from pytest_portable.engine.clean_verdict import clean_verdict
from pytest_portable.engine.route import Trail
from pytest_portable.judgement.argument_paths import with_some_argument
from pytest_portable.judgement.context import Sent
from pytest_portable.judgement.findings import Findings
from pytest_portable.report.redaction import redact
from pytest_portable.serializers.out_of_band import size_of
from pytest_portable.verdict import STAGES, Problem, Verdict

__all__ = ["Outcome", "conclude"]


@dataclass(frozen=True)
class Outcome:
    """A verdict and what it rests on.

    Attributes:
        sent: what travelled; of a task, the message.
        transcript: what the target wrote; `None` where nothing ran there.
        value: what a call returned.
        raised: what it raised.
    """

    verdict: Verdict
    sent: Sent
    transcript: Transcript | None = None
    value: object = None
    raised: BaseException | None = None


def conclude(  # noqa: PLR0913 - all that a verdict is made of
    run: CheckRun,
    sent: Sent,
    found: Findings,
    *,
    seconds: Mapping[str, float],
    trail: Trail | None = None,
    transcript: Transcript | None = None,
    payload: bytes | None = None,
) -> Outcome:
    """Return the verdict.

    Args:
        run: what was checked, and with what.
        sent: what travelled.
        found: of all judges.
        seconds: of each stage that took place.
        trail: of the route; `None` where it was not taken.
        transcript: of the target; left out, that of the hop that broke, if one did.
        payload: what counts as the object's payload, where that is not `obj`.
    """
    context = run.context
    placed = [with_some_argument(problem, context.arguments) for problem in found.problems]
    problems = sorted(placed, key=lambda problem: STAGES.index(problem.stage))
    if transcript is None and trail is not None:
        transcript = trail.transcript
    payload = sent.data("obj") if payload is None else payload
    kind = type(context.obj)
    skew = [
        Problem(code="serializer-skew", stage="load", message=note)
        for note in run.notes_of_environment
    ]
    leg = context.leg
    verdict = Verdict(
        portable=not problems,
        stage=problems[0].stage if problems else None,
        problems=tuple(problems),
        notes=(*found.notes, *skew),
        object=f"{module_of(kind)}.{qualname_of(kind)}".removeprefix("builtins."),
        serializer=leg.serializer,
        protocol=context.protocol,
        payload_bytes=None if payload is None else size_of(payload),
        target=context.target,
        leg={
            "python": leg.python,
            "deps": None if leg.deps is None else [redact(one) for one in leg.deps],
            "id": leg.id,
            "label": context.label,
            "deps_id": leg.deps_id,
            **({} if trail is None else trail.facts),
            "preload": list(leg.preload),
        },
        seconds={**seconds, "total": time.monotonic() - run.started},
        warnings=()
        if transcript is None
        else tuple(
            {**sent.standing.in_warning(one), "stage": stage}
            for stage, one in transcript.warnings()
        ),
        stdout="" if transcript is None else transcript.stdout,
        stderr="" if transcript is None else transcript.stderr,
        stdout_bytes=0 if transcript is None else transcript.stdout_bytes,
        stderr_bytes=0 if transcript is None else transcript.stderr_bytes,
        test=leg.test,
        reproduce=f"python -m pytest {shlex.quote(leg.test)}" if leg.test else "",
    )
    return Outcome(clean_verdict(verdict, leg.env, context.root), sent, transcript)
