"""Whether a difference comes from another version there: shown by the host's own environment."""

from __future__ import annotations

from collections.abc import Callable

from pytest_portable.agent.records import Returned, Value
from pytest_portable.diagnosis import explain_difference, other_versions
from pytest_portable.diagnosis.causes.version_difference import OtherVersion
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.load_answer import load_answer
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem

__all__ = ["blame_versions", "skew_of_return", "suspects_of"]


def blame_versions(  # noqa: PLR0913 - the difference, and what is known of the check
    context: Context,
    evidence: Evidences,
    *,
    place: str,
    probe: Probe | None,
    is_as_here: Callable[[Value], bool],
    found: Findings,
) -> Findings:
    """Return the version that a difference comes from, if that is what it comes from.

    It is where a distribution that the payload refers to has another version there, and a fresh
    process of the host's own environment shows no such difference.

    Args:
        context: of a check that found a difference.
        evidence: of that check.
        place: path of the difference.
        probe: whose result differs; `None` for the object that came back.
        is_as_here: whether an answer of the host's environment is what was expected.
        found: what was found before; a skew that is known already is not looked for.
    """
    if context.is_routed or any(problem.code == "version-skew" for problem in found.problems):
        return NOTHING
    suspects = suspects_of(evidence)
    run = evidence.run_here(probe) if suspects else None
    if run is None:
        return NOTHING
    record = run.first(Returned) if probe is None else run.first(Value, probe.label)
    if record is None or not is_as_here(record):
        return NOTHING
    return problems(with_paths([explain_difference(suspects, place)]))


def skew_of_return(
    context: Context, evidence: Evidences, *, place: str, said: str, probe: Probe | None = None
) -> Problem | None:
    """Return the version for which an answer does not come back, if it is for one.

    It is where a fresh process of the maker's own environment returns what can be loaded here.

    Args:
        context: of a check whose answer cannot be dumped there or loaded here.
        evidence: of that check.
        place: path of the part that is to blame.
        said: what was raised.
        probe: whose result it is; `None` for the object.
    """
    suspects = [] if context.is_routed or context.arguments else suspects_of(evidence)
    run = evidence.run_here(probe) if suspects else None
    if run is None:
        return None
    record = run.first(Returned) if probe is None else run.first(Value, probe.label)
    if record is None:
        return None
    try:
        load_answer(context, record)
    except BaseException as error:  # noqa: BLE001 - it cannot be loaded, whoever dumped it
        pass_on(error)
        return None
    found = explain_difference(suspects, place, stage="return", said=said)
    return with_paths([found])[0]


def suspects_of(evidence: Evidences) -> list[OtherVersion]:
    """Return the distributions that any of the payloads refers to, of another version there."""
    return [one for root, _ in evidence.sent.payloads for one in other_versions(evidence(root))]
