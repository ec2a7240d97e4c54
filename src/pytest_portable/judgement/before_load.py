"""What can be said of payloads before anything loads them there: some of it refuses them."""

from __future__ import annotations

from typing import Final

from pytest_portable.diagnosis import bound_notes, foreign_code
from pytest_portable.judgement.absent import find_unwanted
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import Evidences, take_census_of
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.judgement.installed_copies import note_copies
from pytest_portable.judgement.limits import check_limits, note_left_behind
from pytest_portable.judgement.policies import check_policies
from pytest_portable.payload.prescan import may_be_bound, may_carry_code
from pytest_portable.serializers.out_of_band import searchable
from pytest_portable.verdict import Problem, Remedy

__all__ = ["judge_before_load", "newer_than_readable"]

_PROTO: Final = b"\x80"
# Source: CPython documentation, `pickle`, "Data stream format".
_FIRST_PYTHONS: Final = {2: (2, 3), 3: (3, 0), 4: (3, 4), 5: (3, 8)}


def judge_before_load(context: Context, sent: Sent, evidence: Evidences) -> Findings:
    """Return what is known of payloads without loading them; problems mean: do not load them.

    Args:
        context: of the check.
        sent: what travels.
        evidence: says what the reader lacks, where there are problems: then no load will.
    """
    found = _absent(context)
    for name, data in sent.payloads:
        found += _unreadable(context, sent, name, data)
    found += check_policies(context, sent) + note_copies(context)
    for name, data in sent.payloads:
        if name == "obj":
            found += check_limits(context, "object", data)
        found += _bound(context, sent, name, data)
    if found.problems:
        found += take_census_of(sent, evidence)
    return found + _remarks(context) + note_left_behind(context)


def _absent(context: Context) -> Findings:
    """Return a problem for every distribution that the mark wants absent and that is there."""
    leg = context.leg
    if not leg.absent or context.environment is None:
        return NOTHING
    return problems(find_unwanted(leg.absent, context.environment, leg.deps or ()))


def _unreadable(context: Context, sent: Sent, name: str, data: bytes) -> Findings:
    """Return why the reader's Python cannot read a payload: its protocol, or code of another."""
    maker, reader = context.maker.minor, context.reader.minor
    if newer := newer_than_readable(data, name, reader):
        return problems([newer])
    streams = () if maker == reader else context.serializer.pickles(searchable(data))
    if not any(map(may_carry_code, streams)):
        return NOTHING
    foreign = foreign_code(sent.inspection(name), maker=maker, reader=reader)
    found = notes(foreign) if context.leg.allow_bytecode else problems(foreign)
    return found.map(with_argument_path)


def _bound(context: Context, sent: Sent, name: str, data: bytes) -> Findings:
    """Return a note for everything in a payload that loads on the reader's system only."""
    if not any(map(may_be_bound, context.serializer.pickles(searchable(data)))):
        return NOTHING
    found = bound_notes(sent.inspection(name), context.reader.platform)
    return notes(found).map(with_argument_path)


def _remarks(context: Context) -> Findings:
    """Return what the serializer's system says of these two sides."""
    there = context.target.distributions
    remarks = context.serializer.remarks(context.maker.minor, context.reader.minor, there)
    return notes(Problem("version-skew", "load", remark) for remark in remarks)


def newer_than_readable(data: bytes, root: str, reader: tuple[int, int]) -> Problem | None:
    """Return a problem where a payload begins with a protocol that a Python does not read.

    Args:
        data: the payload; what does not begin with a protocol is left alone.
        root: its name in paths.
        reader: the Python that loads it, major and minor.
    """
    if data[:1] != _PROTO or len(data) == 1:
        return None
    protocol = data[1]
    highest = max(known for known, first in _FIRST_PYTHONS.items() if first <= reader)
    if protocol <= highest:
        return None
    first_python = _FIRST_PYTHONS.get(protocol)
    since = (
        f"the first that reads it is {first_python[0]}.{first_python[1]}"
        if first_python
        else "no Python up to 3.14 does: the payload is damaged, or from a newer one"
    )
    return Problem(
        code="protocol-too-new",
        stage="inspect",
        path=root,
        message=f"written with pickle protocol {protocol}; Python {reader[0]}.{reader[1]} reads "
        f"up to {highest}, {since}",
        remedies=(Remedy(f"dump it with protocol={highest}", f"protocol={highest}"),),
    )
