from __future__ import annotations

import pytest

from pytest_portable.judgement.details import with_details
from pytest_portable.verdict import Problem
from support.judging import (
    Answers,
    context,
    described,
    error_of,
    evidences,
    failed,
    noted,
    sent,
    steps,
    transcript,
)

BROKEN = error_of(lambda: int("nothing"))
PROBLEM = Problem("load-error", "load", "it raised")


def detailed(obj: object, *, is_placed: bool, marker: bytes = b"") -> list[Problem]:
    known = context(obj, protocol=4)
    travelled = sent(known)
    data = travelled.data("obj")
    assert data is not None
    error = failed(BROKEN)
    again = transcript(noted(data.index(marker), "REDUCE"), error)
    run = transcript(*steps("loading obj"), error)
    evidence = evidences(known, travelled, run, questions=Answers(blame=again))("obj")
    if is_placed:
        assert evidence.blame.offset >= 0
    return with_details([PROBLEM, PROBLEM], described(BROKEN), evidence, travelled)


def test_the_first_problem_gets_the_traceback_and_the_opcodes_around_the_place() -> None:
    first, second = detailed([1, {"k": 77}], is_placed=True, marker=b"K\x4d")

    marked = [line for line in first.payload if line.startswith(">")]
    assert first.traceback.endswith("base 10: 'nothing'")
    assert len(marked) == 1
    assert marked[0].split()[2:] == ["BININT1", "77", "obj[1]['k']"]
    assert second is PROBLEM


def test_a_place_that_nobody_asked_for_is_not_looked_for() -> None:
    first, _ = detailed([1], is_placed=False)

    assert first.payload == ()
    assert first.traceback


def test_a_long_payload_is_not_taken_apart() -> None:
    first, _ = detailed([b"x" * 300_000, 77], is_placed=True, marker=b"K\x4d")

    assert first.payload == ()
    assert first.traceback


@pytest.mark.parametrize("problems", [[], [PROBLEM]])
def test_nothing_is_added_to_no_problem(problems: list[Problem]) -> None:
    known = context([1])

    found = with_details(problems, described(BROKEN), evidences(known)("obj"), sent(known))

    assert len(found) == len(problems)
