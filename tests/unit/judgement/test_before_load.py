from __future__ import annotations

import pickle

import pytest

from pytest_portable.judgement.before_load import newer_than_readable


@pytest.mark.parametrize("protocol", range(6))
def test_every_target_reads_what_is_written_today(protocol: int) -> None:
    assert newer_than_readable(pickle.dumps([1], protocol), "obj", (3, 8)) is None


@pytest.mark.parametrize("data", [b"", b"\x80", b"{}", b"\x93NUMPY"])
def test_what_names_no_protocol_is_left_alone(data: bytes) -> None:
    assert newer_than_readable(data, "obj", (3, 8)) is None


@pytest.mark.parametrize(
    ("protocol", "target", "words"),
    [
        (6, (3, 13), "Python 3.13 reads up to 5, no Python up to 3.14 does"),
        (255, (3, 8), "written with pickle protocol 255"),
        (5, (3, 7), "Python 3.7 reads up to 4, the first that reads it is 3.8"),
        (4, (3, 3), "the first that reads it is 3.4"),
    ],
)
def test_a_protocol_of_the_future_is_named(
    protocol: int, target: tuple[int, int], words: str
) -> None:
    found = newer_than_readable(bytes((0x80, protocol)) + b"N.", "x", target)

    assert found is not None
    assert (found.code, found.stage, found.path) == ("protocol-too-new", "inspect", "x")
    assert words in found.message
