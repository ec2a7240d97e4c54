"""Payloads whose pickles are in an envelope: none, one, or several streams, one inspection."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from pytest_portable.payload.containers import NamedPickle
from pytest_portable.payload.inspection import Inspection, inspect_payload
from pytest_portable.payload.paths import MAX_PATHS
from pytest_portable.payload.references import Reference
from pytest_portable.payload.sizes import Size

__all__ = ["inspect_streams"]


def inspect_streams(
    streams: Sequence[bytes | NamedPickle],
    payload_bytes: int,
    *,
    root: str = "obj",
    python: tuple[int, int] | None = None,
    stdlib: Collection[str] = sys.stdlib_module_names,
) -> Inspection:
    """Read every pickle stream of one payload, without importing or executing anything.

    Args:
        streams: what the serializer's `pickles` found, decoded, or the streams of a container.
        payload_bytes: length of the whole payload, envelope included.
        root: name of the whole object in paths; streams of a container have roots of their own.
        python: the Python that dumped it, where known.
        stdlib: top-level modules of the target's standard library.

    Returns:
        One inspection: what any of the streams refers to or holds; empty where there is none.
    """
    named = [one if isinstance(one, NamedPickle) else NamedPickle(root, one) for one in streams]
    found = [
        inspect_payload(
            one.data, root=one.root, python=python, stdlib=stdlib, storages=one.storages
        )
        for one in named
    ]
    if len(found) == 1:
        return replace(found[0], payload_bytes=payload_bytes)
    return Inspection(
        references=_merged(chain.from_iterable(inner.references for inner in found)),
        requirements=tuple(sorted({each for inner in found for each in inner.requirements})),
        code=tuple(chain.from_iterable(inner.code for inner in found)),
        sizes=_biggest_first(inner.sizes for inner in found),
        nested=tuple(chain.from_iterable(inner.nested for inner in found)),
        bound_to={
            key: next((value for inner in found if (value := inner.bound_to[key])), None)
            for key in ("python", "system", "device")
        },
        protocol=max((inner.protocol for inner in found), default=0),
        payload_bytes=payload_bytes,
        damaged=next(
            (
                inner.damaged + one.start
                for one, inner in zip(named, found, strict=True)
                if inner.damaged is not None
            ),
            None,
        ),
        filled_by=_biggest_first(inner.filled_by for inner in found),
        packages=tuple(chain.from_iterable(inner.packages for inner in found)),
    )


def _merged(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return each reference of several streams once, with its paths in all of them."""
    known: dict[tuple[str, str, str], Reference] = {}
    for one in references:
        key = one.module, one.qualname, one.by
        before = known.get(key)
        known[key] = one if before is None else _together(before, one)
    return tuple(known.values())


def _together(one: Reference, other: Reference) -> Reference:
    paths = tuple(dict.fromkeys((*one.paths, *other.paths)))[:MAX_PATHS]
    return replace(one, paths=paths, uses=one.uses + other.uses)


def _biggest_first(sizes: Iterable[Sequence[Size]]) -> tuple[Size, ...]:
    return tuple(sorted(chain.from_iterable(sizes), key=lambda size: -size.bytes))
