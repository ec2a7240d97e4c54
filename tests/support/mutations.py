"""Seeded damage to JSON, bytes and answers, for the tests that feed readers with it."""

from __future__ import annotations

import copy
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pytest_portable.agent.in_target.messages import HEAD_BYTES, decode, length_of, number_at

__all__ = ["Round", "mutate_answer", "mutate_bytes", "mutate_json", "rounds", "to_text"]

SECONDS: Final = float(os.environ.get("PYTEST_PORTABLE_FUZZ_SECONDS", "2"))
SEED: Final = os.environ.get("PYTEST_PORTABLE_FUZZ_SEED", "portable")
DEEP: Final = "<deep>"
# Nested too deep for a recursive writer.
DEEP_TEXT: Final = "[" * 5000 + "]" * 5000
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 10**400, 0.5, 1e308),
    *(float("nan"), float("inf"), "", "\0", "\ud800", "\x1b[31m", "x" * 5000, "obj", "0"),
    *("../../../etc/passwd", "/etc/passwd", "os:system", [], {}, [[]], [None], [1, 2, 3]),
    *({"a": 1}, {"": ""}, ["", "", ""], [["", "", ""]], DEEP),
)
# What is loaded in this process is left as the target dumped it.
LOADED: Final = ("value", "returned", "raised", "alone")


class Round(random.Random):
    """The chances of one round, which its name repeats."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    @contextmanager
    def only(self, *ours: type[BaseException]) -> Iterator[None]:
        """Let nothing but our own exceptions be raised, and say which round raises another."""
        try:
            yield
        except ours:
            pass
        except BaseException as error:
            raise AssertionError(f"round {self.name}") from error


def rounds(name: str) -> Iterator[Round]:
    """Yield rounds until the time is over."""
    end, number = time.monotonic() + SECONDS, 0
    while time.monotonic() < end or number < 1:
        yield Round(f"{SEED}-{name}-{number}")
        number += 1


def mutate_json(chance: random.Random, value: Any) -> Any:
    """Return a copy of plain data with a few parts replaced, removed, doubled or moved."""
    value = [copy.deepcopy(value)]  # so that the whole has a place too
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = list(_places(value))
        holder, key = chance.choice(places)
        kind = chance.randrange(8)
        if kind < 4:
            holder[key] = copy.deepcopy(chance.choice(ODD))
        elif kind == 4 and holder is not value:
            del holder[key]
        elif kind == 5 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif kind == 6 and isinstance(holder, dict):
            holder[chance.choice(("", "beside", "name", "\0", "blobs"))] = holder.pop(key)
        else:
            other, place = chance.choice(places)
            holder[key] = copy.deepcopy(other[place])
    return value[0] if value else None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every part of plain data as its holder and its key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key])


def to_text(value: object) -> bytes:
    """Return plain data as JSON, nested too deep where it says so."""
    return json.dumps(value).replace(json.dumps(DEEP), DEEP_TEXT).encode()


def mutate_bytes(chance: random.Random, data: bytes) -> bytes:
    """Return bytes with a few changed, removed, inserted, doubled or moved."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(found) + 1)
        size = chance.choice((1, 1, 2, 4, 8, 64))
        part = found[at : at + size]
        kind = chance.randrange(6)
        if kind == 0:
            found[at : at + size] = chance.randbytes(len(part))
        elif kind == 1:
            del found[at : at + size]
        elif kind == 2:
            found[at:at] = chance.randbytes(size)
        elif kind == 3:
            found[at:at] = part * chance.choice((1, 2, 100))
        elif kind == 4:
            number = chance.choice((0, 1, 255, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63))
            width = chance.choice((1, 2, 4, 8))
            found[at : at + width] = (number % 256**width).to_bytes(width, "little")
        else:
            place = chance.randrange(len(found) + 1)
            found[place:place] = part
    return bytes(found)


def mutate_answer(chance: random.Random, message: bytes) -> bytes:
    """Return an answer of an agent with something of it, or of the child's records, damaged."""
    header, blobs = _decoded(message)
    kind = chance.randrange(10)
    if kind == 0:
        header = mutate_json(chance, header)
    elif kind == 1:
        blobs = blobs[: chance.randrange(len(blobs))] if chance.random() < 0.5 else [b"", *blobs]
    elif kind == 2 and blobs:
        blobs[0] = blobs[0][: chance.randrange(len(blobs[0]) + 1)]
    elif blobs:
        blobs[0] = _mutate_records(chance, blobs[0])
    return _message(header, blobs, number_at(message, 2))


def _mutate_records(chance: random.Random, data: bytes) -> bytes:
    parts = []
    while data:
        size = length_of(data)
        parts.append(data[:size])
        data = data[size:]
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(parts))
        kind = chance.randrange(8)
        if kind == 0 and len(parts) > 1:
            del parts[at]
        elif kind == 1:
            parts.insert(chance.randrange(len(parts) + 1), parts[at])
        elif kind == 2:
            other = chance.randrange(len(parts))
            parts[at], parts[other] = parts[other], parts[at]
        elif kind == 3:
            parts[at] = mutate_bytes(chance, parts[at][:HEAD_BYTES]) + parts[at][HEAD_BYTES:]
        else:
            parts[at] = _mutate_record(chance, parts[at])
        if not parts:
            break
    return b"".join(parts)


def _mutate_record(chance: random.Random, record: bytes) -> bytes:
    try:
        header, blobs = _decoded(record)
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        StopIteration,
    ):  # it was damaged before
        return record
    if blobs and not any(key in header for key in LOADED) and chance.random() < 0.5:
        blobs = [_mutate_text(chance, blob) for blob in blobs]
    else:
        header = mutate_json(chance, header)
    return _message(header, blobs, 0)


def _mutate_text(chance: random.Random, text: bytes) -> bytes:
    """Return damaged JSON, or other bytes where it is none."""
    try:
        return to_text(mutate_json(chance, json.loads(text)))
    except ValueError:
        return mutate_bytes(chance, text)


def _decoded(message: bytes) -> tuple[Any, list[bytes]]:
    header, blobs = decode(message)
    header.pop("blobs", None)  # what fits is written anew
    return header, blobs


def _message(header: Any, blobs: list[bytes], ticket: int) -> bytes:
    if isinstance(header, dict):
        header = {"blobs": [len(blob) for blob in blobs], **header}
    text, body = to_text(header), b"".join(blobs)
    head = b"".join(number.to_bytes(8, "big") for number in (len(text), len(body), ticket, 0))
    return head + text + body
