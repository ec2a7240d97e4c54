"""Whether a difference comes from another version there: shown by the host's own environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_portable.diagnosis import explain_difference, other_versions
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.evidence_of_check import evidence_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.agent import Message, Transcript
    from pytest_portable.judgement.check import Check
    from pytest_portable.settings.probes import Probe
    from pytest_portable.verdict import Problem

__all__ = ["blame_versions"]


def blame_versions(
    check: Check, place: str, probe: Probe | None, is_as_here: Callable[[Message], bool]
) -> list[Problem]:
    """Return the version that a difference comes from, if that is what it comes from.

    It is where a distribution that the payload refers to has another version there, and a fresh
    process of the host's own environment shows no such difference.

    Args:
        check: a check that found a difference.
        place: path of the difference.
        probe: whose result differs; `None` for the object that came back.
        is_as_here: tells whether an answer of the host's environment is what was expected.
    """
    if check.hops or any(problem.code == "version-skew" for problem in check.problems):
        return []
    suspects = [
        suspect
        for root, _ in check.payloads
        for suspect in other_versions(evidence_for(check, root))
    ]
    run = _run_here(check, probe) if suspects else None
    wanted = ("returned",) if probe is None else ("value", probe.label)
    record = None if run is None else run.find(*wanted)
    if record is None or record.blob is None or not is_as_here(record):
        return []
    return [with_argument_path(explain_difference(suspects, place))]


def _run_here(check: Check, probe: Probe | None) -> Transcript | None:
    """Do the same in the host's own environment."""
    agent = check.control() if check.control is not None else None
    if agent is None:
        return None
    probes = () if probe is None else (probe,)
    return check.ask(agent, "check", check.payloads, probes, round_trip=probe is None)
