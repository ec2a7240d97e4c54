"""A verdict remembers whether anybody read what it tells."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from pytest_portable.judgement.strict_notes import with_strict_notes
from pytest_portable.verdict import Problem, Verdict, is_unread, mark_read, watch

if TYPE_CHECKING:
    from collections.abc import Callable

LATE = Problem("mismatch", "compare", "differs", path="obj")
NOTE = Problem("platform", "load", "for POSIX only", path="obj['p']")
OTHER = Problem("load-warning", "load", "old format", path="obj")


def verdict(*problems: Problem, notes: tuple[Problem, ...] = ()) -> Verdict:
    return Verdict(
        portable=not problems,
        stage=problems[0].stage if problems else None,
        problems=problems,
        notes=notes,
        object="dict",
        serializer="pickle",
        protocol=4,
        payload_bytes=40,
        target=None,
        leg={"label": "py3.12"},
        seconds={},
    )


@pytest.mark.parametrize(
    "read",
    [
        bool,
        str,
        repr,
        Verdict.to_dict,
        lambda one: one.portable,
        lambda one: one.stage,
        lambda one: one.problems,
        lambda one: one.notes,
        lambda one: one == verdict(),
        mark_read,
    ],
)
def test_reading_what_it_tells_is_looking(read: Callable[[Verdict], object]) -> None:
    one = watch(verdict(LATE))
    assert is_unread(one)

    read(one)

    assert not is_unread(one)


def test_other_facts_and_copies_are_no_look() -> None:
    one = watch(verdict(LATE))

    assert (one.object, one.seconds, one.test) == ("dict", {}, "")
    loaded, other = pickle.loads(pickle.dumps(one)), copy.copy(one)
    assert is_unread(one)
    assert loaded == other == one == verdict(LATE)
    assert not is_unread(verdict(LATE))


def test_a_verdict_is_as_frozen_as_before() -> None:
    one = verdict(LATE)

    with pytest.raises(FrozenInstanceError):
        one.portable = True  # type: ignore[misc]
    assert replace(one, portable=True).portable
    assert vars(one).keys() == Verdict.__dataclass_fields__.keys()


def test_notes_of_some_codes_are_problems_behind_those_that_broke_earlier() -> None:
    plain = verdict(notes=(NOTE, OTHER))
    broken = verdict(LATE, notes=(NOTE,))

    assert with_strict_notes(plain, {"crash"}) is plain
    one = with_strict_notes(plain, {"platform"})
    assert (one.portable, one.stage, one.problems, one.notes) == (False, "load", (NOTE,), (OTHER,))
    every = with_strict_notes(plain, {"error"})
    assert (every.problems, every.notes) == ((NOTE, OTHER), ())
    assert with_strict_notes(broken, {"error"}).problems == (NOTE, LATE)
