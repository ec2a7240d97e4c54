"""Files that the serializer's loader refused because they are something else: what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pytest_portable.errors import PayloadError
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.findings import Findings
from pytest_portable.payload.containers import Container, is_pickle, open_container
from pytest_portable.verdict import Remedy

__all__ = ["judge_file", "protocol_of"]

_PROTO: Final = b"\x80"
# What reads such a file here: joblib unpacks what it reads.
_SERIALIZERS: Final = {"joblib file": "joblib", "torch.save archive": "torch"}


def judge_file(context: Context, data: bytes, found: Findings) -> Findings:
    """Return findings whose first says what the file is, where it could not be loaded for that.

    Args:
        context: of the check.
        data: the file.
        found: what was found before.
    """
    first = next((one for one in found.problems if one.stage == "load"), None)
    streams = context.serializer.pickles(data)
    if first is None or not streams or any(map(is_pickle, streams)):
        return found
    try:
        held = open_container(data)
    except PayloadError as error:
        told = f"the file is no pickle: {error}"
        problem = replace(first, path="obj", module=None, message=told, remedies=())
    else:
        told = _words(held, context.serializer.name)
        remedies = tuple(_remedies(held))
        problem = replace(first, path="obj", module=None, message=told, remedies=remedies)
    return replace(found, problems=(problem, *(one for one in found.problems if one is not first)))


def protocol_of(streams: Sequence[bytes]) -> int | None:
    """Return the pickle protocol that the first pickle of a file names; old ones name none."""
    head = streams[0][:2] if streams else b""
    return head[1] if len(head) > 1 and head[:1] == _PROTO and is_pickle(streams[0]) else None


def _words(held: Container, serializer: str) -> str:
    packed = f" packed with {held.compression}" if held.compression else ""
    if held.other is not None:
        return f"the file is no pickle: it is {held.other.name}{packed}"
    return f"the file is a {held.kind}{packed}, which {serializer} does not read as it is"


def _remedies(held: Container) -> Iterator[Remedy]:
    if held.other is not None:
        if held.other.reader:
            yield Remedy(f"read it with {held.other.reader}, and check the object that this gives")
        return
    if serializer := _SERIALIZERS.get(held.kind):
        yield Remedy(f'serializer="{serializer}"', f'serializer="{serializer}"')
    elif held.compression:
        yield Remedy(
            'unpack it first, or serializer="joblib", whose loader does', 'serializer="joblib"'
        )
