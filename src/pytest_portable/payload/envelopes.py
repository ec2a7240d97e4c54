"""Payloads whose pickles lie in an envelope: none, one, or several streams make one inspection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_portable.payload.inspection import Inspection, inspect_payload

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["inspect_streams"]


def inspect_streams(
    streams: Sequence[bytes],
    payload_bytes: int,
    *,
    root: str = "obj",
    python: tuple[int, int] | None = None,
) -> Inspection:
    """Read every pickle stream of one payload, without importing or executing anything.

    Args:
        streams: what the serializer's `pickles` found, decoded.
        payload_bytes: length of the whole payload, envelope included.
        root: name of the whole object in paths.
        python: the Python that dumped it, where known.

    Returns:
        One inspection: what any of the streams refers to or holds; empty where there is none.
    """
    found = [inspect_payload(stream, root=root, python=python) for stream in streams]
    if len(found) == 1:
        return replace(found[0], payload_bytes=payload_bytes)
    return Inspection(
        references=tuple(each for inner in found for each in inner.references),
        requirements=tuple(sorted({each for inner in found for each in inner.requirements})),
        code=tuple(each for inner in found for each in inner.code),
        sizes=tuple(
            sorted(
                (each for inner in found for each in inner.sizes),
                key=lambda size: size.bytes,
                reverse=True,
            )
        ),
        nested=tuple(each for inner in found for each in inner.nested),
        bound_to={
            key: next((value for inner in found if (value := inner.bound_to[key])), None)
            for key in ("python", "system", "device")
        },
        protocol=max((inner.protocol for inner in found), default=0),
        payload_bytes=payload_bytes,
        damaged=next((inner.damaged for inner in found if inner.damaged is not None), None),
    )
