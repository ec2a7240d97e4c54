"""Dead weak proxies: every question to one raises, in the target and here."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable


class Node:
    value = 1


def dead() -> object:
    return weakref.proxy(Node())


@pytest.mark.parametrize("round_trip", [True, False])
def test_a_dead_one_goes_as_it_is(round_trip: bool, on: Callable[..., Portable]) -> None:
    for obj in (dead(), {"a": [dead()]}):
        verdict = on(serializer="dill", round_trip=round_trip).check(obj)

        assert verdict.portable, str(verdict)
        told = [note.code for note in verdict.notes]
        assert told == ([] if round_trip else ["not-compared"])


def test_one_that_dies_there_is_a_note_and_fails_where_it_is_read(
    on: Callable[..., Portable],
) -> None:
    node = Node()
    portable = on(serializer="dill", by_value=(__name__,))

    plain = portable.check([weakref.proxy(node)])
    read = portable.check([weakref.proxy(node)], probe="obj[0].value")

    assert plain.portable, str(plain)
    assert [(note.code, note.path) for note in plain.notes] == [("mismatch", "obj[0]")]
    assert [one.code for one in read.problems] == ["mismatch", "call-error"]
    assert read.problems[0].path == "obj[0].value"
    assert "ReferenceError" in read.problems[1].message


@pytest.mark.parametrize("serializer", ["pickle", "cloudpickle"])
def test_a_dead_one_that_is_refused_has_its_path(
    serializer: str, on: Callable[..., Portable]
) -> None:
    verdict = on(serializer=serializer).check({"a": [dead()]})

    assert [(one.code, one.path) for one in verdict.problems] == [("unserializable", "obj['a'][0]")]
