"""The object compared with itself: what varies between two dumps of it is no difference."""

from __future__ import annotations

import re
import sys
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Final, cast

from pytest_portable.equivalence import COUNT_LIMIT, Difference, compare
from pytest_portable.equivalence.guard import own_dict, put_back
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences
from pytest_portable.judgement.findings import NOTHING, Findings, notes
from pytest_portable.judgement.time_limit import time_limit
from pytest_portable.payload.same import are_same_pickles
from pytest_portable.serializers.out_of_band import whole
from pytest_portable.verdict import Problem

__all__ = ["equals_original", "set_noise_apart"]

_VALUES: Final = ("values differ", "elements differ", "key differs")
_LOST: Final = ("attribute is missing", "key is missing")
_ADDED: Final = ("attribute was added", "key was added")
# A step of a path whose name begins with one underscore, or is mangled.
_PRIVATE: Final = re.compile(r"(?:\.|\[')_(?!_\w*__\b)\w")
# Bytes as a difference shows them; long ones only around the place where they differ.
_BYTES: Final = re.compile(r"(?:\.\.\.)?b['\"]")
_MAX_TOLD: Final = 3


def set_noise_apart(
    context: Context, evidence: Evidences, returned: object, differences: Sequence[Difference]
) -> tuple[list[Difference], Findings]:
    """Take out of the differences what the object does not share with itself.

    The payload that was sent is what the object was before anything compared it; it is loaded here
    and compared with one more dump of the object. A value that differs between these two at the
    path of a difference says nothing about the trip. A part that is lost still counts, and so does
    another class.

    Args:
        context: of a check that found differences.
        evidence: of that check.
        returned: what came back.
        differences: all of them.

    Returns:
        The differences that are left, and notes about the others.
    """
    differences = [one for one in differences if not _is_same_pickle(context, returned, one)]
    if not differences:
        return [], NOTHING
    first = _loaded(context, evidence.sent.data("obj"))
    if not first:
        return list(differences), NOTHING
    again = _loaded(context, _dumped_again(evidence))
    with context.shipping.loading():
        varying = _by_path(_compare(context, first[0], again[0]) if again else ())
        by_load = _by_path(_compare(context, context.obj, first[0]))
    noise, added, left = [], [], list[Difference]()
    for one in differences:
        if one.reason in _ADDED and _is_given(context, returned, one):
            continue
        if _is_noise(one, varying.get(one.path)):
            noise.append(one)
        elif _is_bookkeeping(context, one, by_load.get(one.path)):
            added.append(one)
        else:
            left.append(one)
    told = [
        *_told(noise, "varies whenever the object is dumped, so it is no difference of the trip"),
        *_told(added, "is added whenever the object is loaded, here too: bookkeeping of its class"),
    ]
    return left, notes(told)


def _loaded(context: Context, data: bytes | None) -> list[object]:
    """Return what a payload of our own loads as here, in a list; an empty one where it fails."""
    if data is None:
        return []
    try:
        with context.shipping.loading(), time_limit(context.leg.timeout_seconds):
            return [context.serializer.load(whole(data), context.leg.options)]
    except BaseException as error:  # noqa: BLE001 - whatever it raises, there is nothing to compare with
        pass_on(error)
        return []


def equals_original(context: Context, copy: object) -> bool:
    """Return whether a copy differs from the original in nothing.

    Args:
        context: of the check.
        copy: what was loaded here.
    """
    with context.shipping.loading():
        found = _compare(context, context.obj, copy)
    return all(_is_same_pickle(context, copy, one) for one in found)


def _dumped_again(evidence: Evidences) -> bytes | None:
    try:
        return evidence.dump_again()
    except BaseException as error:  # noqa: BLE001 - a reducer may raise at the second time
        pass_on(error)
        return None


def _compare(context: Context, one: object, other: object) -> Sequence[Difference]:
    leg = context.leg
    return compare(
        one,
        other,
        rtol=leg.rtol,
        atol=leg.atol,
        signed_zero=leg.signed_zero,
        comparators=context.comparators,
        class_identity=False,
        sharing=False,
        shown=COUNT_LIMIT,
    ).items


def _by_path(differences: Sequence[Difference]) -> Mapping[str, Difference]:
    return {one.path: one for one in differences}


def _is_same_pickle(context: Context, returned: object, one: Difference) -> bool:
    """Return whether bytes that differ are two pickles that say the same."""
    if not (one.reason.startswith(_VALUES) and _BYTES.match(one.original)):
        return False
    try:
        here, there = (_part(one.path, side) for side in (context.obj, returned))
    except BaseException as error:  # noqa: BLE001 - code of the user's, or a path that is cut
        pass_on(error)
        return False
    return are_same_pickles(here, there)


def _part(path: str, obj: object) -> object:
    """Return what a path names; it may go through modules, as that of a registered reducer does."""
    names = ChainMap[str, object]({"obj": obj}, cast("dict[str, object]", sys.modules))
    return eval(path, {}, names)  # noqa: S307 - a path of ours


def _is_noise(one: Difference, own: Difference | None) -> bool:
    """Return whether a difference is one of the object with itself.

    A part that only the second dump has came to be after the object was sent.
    """
    if own is None:
        return False
    if one.reason.startswith(_LOST):
        return own.reason.startswith(_ADDED)
    return one.reason.startswith(_VALUES) and own.reason.startswith(_VALUES)


def _is_bookkeeping(context: Context, one: Difference, own: Difference | None) -> bool:
    """Return whether a load adds a private part that the original cannot give by any name."""
    if own is None or not (one.reason.startswith(_ADDED) and own.reason == one.reason):
        return False
    if not _PRIVATE.search(one.path):
        return False
    try:
        eval(one.path, {"obj": context.obj})  # noqa: S307 - a path of ours
    except (AttributeError, LookupError):
        return True
    except BaseException as error:  # noqa: BLE001 - code of the user's, or a path that is cut
        pass_on(error)
        return False
    return False


def _is_given(context: Context, returned: object, one: Difference) -> bool:
    """Return whether the original gives what was added, by the same name, and it is equal.

    A default of its class does, and so does what is made when it is asked for: then it is taken
    out of the original again.
    """
    owner, _, name = one.path.rpartition(".")
    if not name.isidentifier():
        return False
    try:
        here, there = (eval(owner, {"obj": side}) for side in (context.obj, returned))  # noqa: S307 - a path of ours
        held = own_dict(here)
        before = dict(held or {})
        try:
            value = getattr(here, name)
        finally:
            if held is not None:
                put_back(held, before)
        return not _compare(context, value, getattr(there, name))
    except BaseException as error:  # noqa: BLE001 - code of the user's, or a path that is cut
        pass_on(error)
        return False


def _told(found: Sequence[Difference], words: str) -> list[Problem]:
    """Return one note for all of a kind."""
    if not found:
        return []
    parts = f"{len(found)} parts of it: each " if len(found) > 1 else ""
    shown = [f"{one.path}: {one.original}, then {one.returned}" for one in found[:_MAX_TOLD]]
    if len(found) > _MAX_TOLD:
        shown.append(f"and {len(found) - _MAX_TOLD} more")
    return [
        Problem(
            code="mismatch",
            stage="compare",
            path=found[0].path,
            message=parts + words,
            evidence="; ".join(shown),
        )
    ]
