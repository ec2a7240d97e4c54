"""From objects to payloads: dumped with the leg's serializer, or why that is not possible."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_portable.agent.in_target.asking import read_name
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.diagnosis import Standing, explain_dump
from pytest_portable.engine.asking import CheckRun
from pytest_portable.equivalence.guard import module_of
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.findings import NOTHING, Back, Findings, notes, problems
from pytest_portable.serializers.out_of_band import dump_outside
from pytest_portable.verdict import Problem

__all__ = ["Dumped", "dump_all", "dump_one", "dumps"]


@dataclass(frozen=True)
class Dumped:
    """What became of the values that were to travel.

    Attributes:
        sent: those that could be dumped.
        found: why the others could not; what was warned.
        seconds: spent, in all.
    """

    sent: Sent
    found: Findings
    seconds: float


def dumps(context: Context, value: object) -> bytes:
    """Dump with the leg's serializer and options."""
    protocol = {} if context.protocol is None else {"protocol": context.protocol}
    options, _ = context.serializer.split(context.leg.options)
    return context.serializer.dumps(value, **protocol, **options)


def dump_all(run: CheckRun, values: Mapping[str, object]) -> Dumped:
    """Dump every value that travels."""
    begun = time.monotonic()
    payloads = []
    found = NOTHING
    for name, value in values.items():
        back = dump_one(run, value, name)
        found += Findings(
            tuple(map(with_argument_path, back.findings.problems)), back.findings.notes
        )
        if back.value is not None:
            payloads.append((name, back.value))
    seconds = time.monotonic() - begun
    standing = Standing([run.context.obj, *values.values()])
    return Dumped(Sent(tuple(payloads), run.context, standing), found, seconds)


def dump_one(run: CheckRun, value: object, root: str) -> Back[bytes]:
    """Dump one value as the leg sends it; `root` is its name in paths."""
    context = run.context
    with context.shipping.dumping():
        try:
            return _dump_despite_warnings(run, value, root)
        except BaseException as error:  # noqa: BLE001 - whatever a reducer raises is the finding
            pass_on(error)
            explained = explain_dump(
                value,
                error,
                lambda part: dumps(context, part),
                root=root,
                protocol=context.protocol,
                serializer=context.serializer.name,
            )
            return Back(None, problems(explained))


def _dump_despite_warnings(run: CheckRun, value: object, root: str) -> Back[bytes]:
    """Dump; a warning that the host's filters made an error becomes a note."""
    try:
        return Back(_dump_to_travel(run, value))
    except Warning as warning:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = dumps(run.context, value)
        note = Problem(
            code="load-warning",
            stage="dump",
            path=root,
            module=module_of(type(warning)),
            message=f"warned while it was dumped: {read_name(type(warning))}: {text_of(warning)}",
        )
        return Back(data, notes([note]))


def _dump_to_travel(run: CheckRun, value: object) -> bytes:
    """Dump without copying what is big, where both sides can take that."""
    context = run.context
    dump, protocol = context.serializer.dump, context.protocol
    if dump is None or protocol is None or run.in_one_piece or not run.agent.shares_files:
        return dumps(context, value)
    return dump_outside(dump, value, context.serializer.split(context.leg.options)[0], protocol)
