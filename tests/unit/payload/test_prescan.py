from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import cloudpickle
import dill
import pytest

from pytest_portable.payload import prescan
from pytest_portable.payload.prescan import may_carry_code, may_import
from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Callable

BLOBS = {
    "bytes": b"x" * 200_000,
    "text": "y" * 200_000,
    "array": bytearray(200_000),
    "many": list(range(100_000)),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("blob", BLOBS)
@pytest.mark.parametrize("dumps", [cloudpickle.dumps, dill.dumps], ids=["cloudpickle", "dill"])
def test_code_is_seen_between_big_things(
    dumps: Callable[..., bytes], blob: str, protocol: int
) -> None:
    function = define("f = lambda x: x + 1", "f")

    for thing in ([BLOBS[blob], function], [function, BLOBS[blob]], [function]):
        assert may_carry_code(dumps(thing, protocol=protocol))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("blob", BLOBS)
def test_plain_data_carries_none(blob: str, protocol: int) -> None:
    assert not may_carry_code(pickle.dumps([BLOBS[blob], {"a": 1}], protocol))


def test_long_bytes_are_stepped_over() -> None:
    payload = pickle.dumps([b"cloudpickle" * 20_000, "end"])

    ranges = list(prescan._parts(payload))

    assert sum(end - start for start, end in ranges) < 200
    assert not may_carry_code(payload)


def test_names_in_long_opcodes_are_seen_all_the_same() -> None:
    name = b"X\x17\x00\x00\x00cloudpickle.cloudpickle"

    assert may_carry_code(b"\x80\x04(" + pickle.dumps(b"z" * 200_000)[11:-2] + name + b"0.")


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x95", b"\x80\x04\x95" + b"\xff" * 200_000])
def test_any_bytes_can_be_asked_about(payload: bytes) -> None:
    assert may_carry_code(payload) is False


@pytest.mark.parametrize("dumps", [cloudpickle.dumps, dill.dumps])
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import json", True),
        ("from json import loads", True),
        ("from json import (loads, dumps as d)", True),
        ("x = [" + ", ".join(f"n{number}" for number in range(300)) + "]; import json", True),
        ("x = y + z", False),
    ],
)
def test_an_import_is_seen_from_afar(
    dumps: Callable[..., bytes], source: str, expected: bool
) -> None:
    function = define(f"def f(y=1, z=2):\n    {source}\n", "f")

    assert may_import(dumps(function)) is expected
    assert not may_import(dumps("import json"))
