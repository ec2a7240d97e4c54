from __future__ import annotations

import pickle
from typing import Any

import pytest

from pytest_portable.judgement.findings import NOTHING
from pytest_portable.judgement.limits import check_limits, left_behind_problem, note_left_behind
from pytest_portable.serializers import Serializer
from pytest_portable.serializers.task import LeftBehind, Limit
from support.judging import context

LEFT = LeftBehind("table", "f.__globals__['table']", "table stays behind")


def limited(**keys: Any) -> Serializer:
    return Serializer(name="mail", dumps=pickle.dumps, loaders="pickle:loads", **keys)


@pytest.mark.parametrize(
    ("what", "stage", "path"),
    [
        ("object", "inspect", "obj"),
        ("function", "inspect", "obj"),
        ("task", "inspect", "obj"),
        ("arguments", "inspect", "args"),
        ("result", "return", "obj()"),
    ],
)
def test_more_than_a_system_lets_through_is_a_problem(what: str, stage: str, path: str) -> None:
    limit = Limit(bytes=999, what=what, message="the mail is refused")
    known = context(serializer=limited(limits=(limit,)))

    found = check_limits(known, what, bytes(1000))

    (problem,) = found.problems
    assert (problem.code, problem.stage, problem.path) == ("too-large", stage, path)
    assert problem.message == "1,000 bytes as encoded, the limit is 999: the mail is refused"
    assert found.notes == ()
    assert check_limits(known, what, bytes(999)) == NOTHING


def test_a_limit_that_fails_nothing_is_a_note() -> None:
    limit = Limit(bytes=9, what="object", message="it is slow", fails=False)

    found = check_limits(context(serializer=limited(limits=(limit,))), "object", bytes(10))

    assert found.problems == ()
    assert [note.code for note in found.notes] == ["too-large"]


def test_a_limit_is_of_one_thing_only() -> None:
    limit = Limit(bytes=9, what="result", message="cut")

    assert (
        check_limits(context(serializer=limited(limits=(limit,))), "object", bytes(10)) == NOTHING
    )


def test_a_name_that_stays_behind_is_a_note() -> None:
    asked: list[object] = []

    def left_behind(*given: object) -> list[LeftBehind]:
        asked.append(given)
        return [LEFT]

    known = context(len, serializer=limited(left_behind=left_behind), options={"a": 1})

    found = note_left_behind(known)

    (note,) = found.notes
    assert (note.code, note.stage, note.path) == ("main-reference", "call", LEFT.path)
    assert (note.message, note.evidence) == (LEFT.message, "")
    assert found.problems == ()
    assert asked == [(len, {"a": 1})]


def test_a_name_that_was_missed_has_the_evidence_with_it() -> None:
    problem = left_behind_problem(LEFT, evidence="NameError: name 'table' is not defined")

    assert problem.evidence == "NameError: name 'table' is not defined"
