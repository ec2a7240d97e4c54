"""What a diagnosis may ask about one failed check: payload, target, host, control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_portable.diagnosis import Evidence, Here, Questions
from pytest_portable.judgement.argument_paths import with_argument_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_portable.agent import Agent
    from pytest_portable.judgement.check import Check
    from pytest_portable.verdict import Problem

__all__ = ["census_of_payloads", "evidence_for", "with_paths"]


def evidence_for(check: Check, root: str = "obj") -> Evidence:
    """Return the evidence of one payload of a check; what it costs is spent when it is asked.

    Args:
        check: the check, failed.
        root: name of the payload.
    """
    if root not in check.evidences:
        check.evidences[root] = _gather(check, root)
    return check.evidences[root]


def _gather(check: Check, root: str) -> Evidence:
    data = dict(check.payloads).get(root)

    _, loading = check.serializer.split(check.leg.options)

    def questions(agent: Agent) -> Questions:
        return Questions(
            agent=agent,
            payloads=check.payloads,
            loaders=[(name, loading) for name in check.serializer.loaders],
            timeout_seconds=check.leg.timeout_seconds,
            sources=check.shipping.sources,
            machinery=check.serializer.machinery,
        )

    def control() -> Questions | None:
        agent = check.control() if check.control is not None else None
        return None if agent is None else questions(agent)

    def blame_path(offset: int) -> str:
        from pytest_portable.payload.inspection import blame  # noqa: PLC0415 - on demand

        assert data is not None
        streams = check.serializer.pickles(data)
        return blame(streams[0], offset, root=root) if len(streams) == 1 else root

    def stream() -> bytes | None:
        if data is None or check.serializer.loaders[0].startswith(("pickle:", "dill:")):
            return None
        streams = check.serializer.pickles(data)
        return streams[0] if len(streams) == 1 else None

    return Evidence(
        target=check.target,
        here=Here(check.root, check.leg.test),
        inspect=lambda: None if data is None else check.inspection(data, root),
        blame_path=None if data is None else blame_path,
        stream=stream,
        questions=questions(check.agent),
        control=control,
        root=root,
        given=check.leg.deps is not None,
        serializer=check.serializer.name,
        runtimes=frozenset(name.partition(".")[0] for name in check.serializer.preload),
        options=check.leg.options,
        failed=check.transcript,
        standing=check.standing,
    )


def with_paths(problems: Iterable[Problem]) -> list[Problem]:
    """Write the paths of arguments as a person would."""
    return [with_argument_path(problem) for problem in problems]


def census_of_payloads(check: Check) -> list[Problem]:
    """Return what the payloads refer to and the target does not have; nothing is loaded there."""
    from pytest_portable.diagnosis import take_census  # noqa: PLC0415 - only where a check fails

    return [
        problem
        for name, _ in check.payloads
        for problem in with_paths(take_census(evidence_for(check, name)))
    ]
