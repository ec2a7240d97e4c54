"""Compare the portraits of both sides, and add the differences to a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_portable.bundle.raised import judge_raised
from pytest_portable.equivalence.portraits import PortraitDifference, compare_portraits
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import STAGES, Problem, Verdict

__all__ = ["judge_portraits", "with_findings"]


def judge_portraits(  # noqa: PLR0913 - two sides, and how to judge them
    verdict: Verdict,
    then: Mapping[str, Any],
    now: Mapping[str, Any],
    leg: Leg,
    *,
    probes: Sequence[Mapping[str, Any]] = (),
    maker: str = "the producer",
    is_note: Callable[[PortraitDifference], bool] = lambda _: False,
) -> Verdict:
    """Return the verdict with every difference of two sets of portraits.

    Args:
        verdict: of the load.
        then: portraits that the producing side drew, by `object` and the labels of probes.
        now: those that the consuming side drew.
        leg: has the tolerances.
        probes: what the bundle says of each; without the key `raises`, where an older release wrote
            it.
        maker: the producing side, for the message.
        is_note: whether a difference is a note and no problem.
    """
    problems: list[Problem] = []
    notes: list[Problem] = []
    known = {probe["label"]: probe for probe in probes}
    for key in then:
        if key not in now:
            continue
        root = "obj" if key == "object" else key
        judged = judge_raised(known.get(key, {}), then[key][0], now[key][0])
        problems += judged.problems
        notes += judged.notes
        if judged.problems:
            continue
        for item in compare_portraits(
            then[key],
            now[key],
            root=root,
            rtol=leg.rtol,
            atol=leg.atol,
            signed_zero=leg.signed_zero,
        ):
            problem = Problem(
                code="mismatch",
                stage="compare",
                path=item.path,
                message=f"differs from what {maker} dumped"
                if root == "obj"
                else "the probe gives something else",
                evidence=f"{item.then} then, {item.now} now",
            )
            (notes if is_note(item) else problems).append(problem)
    return with_findings(verdict, problems, notes)


def with_findings(verdict: Verdict, problems: list[Problem], notes: list[Problem]) -> Verdict:
    """Return the verdict with more problems and notes, the earliest stage first."""
    found = sorted((*verdict.problems, *problems), key=lambda problem: STAGES.index(problem.stage))
    return replace(
        verdict,
        portable=not found,
        stage=found[0].stage if found else None,
        problems=tuple(found),
        notes=(*verdict.notes, *notes),
    )
