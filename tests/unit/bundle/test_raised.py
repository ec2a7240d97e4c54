"""Probes of kept payloads and of producers that raised on the sides that drew them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_portable.agent.in_target.portrait import portray
from pytest_portable.bundle.raised import judge_raised
from pytest_portable.judgement.findings import NOTHING
from support.judging import probing


class RefusedError(ValueError):
    pass


def drawn(source: str) -> list[Any]:
    """Return the node of what a probe returns or raises."""
    names = {"RefusedError": RefusedError}
    told = json.loads(portray(0, [probing(source).to_request()], names))
    return list(told["probe"][0])


FAILS = drawn("1 / 0")
REFUSES = drawn("exec('raise RefusedError(1)')")


def probe(*raises: type[BaseException]) -> dict[str, Any]:
    return probing("1 / 0", "probe", *raises).to_manifest()


def test_what_returns_on_both_sides_is_compared_elsewhere() -> None:
    assert judge_raised(probe(), drawn("1"), drawn("2")) == NOTHING
    assert judge_raised({}, FAILS, FAILS) == NOTHING


@pytest.mark.parametrize("raises", [(), (KeyError,)])
def test_what_raises_unasked_proves_nothing(raises: tuple[type[BaseException], ...]) -> None:
    (problem,) = judge_raised(probe(*raises), FAILS, FAILS).problems

    assert (problem.code, problem.path) == ("call-error", "probe")
    assert "the probe 1 / 0 raises ZeroDivisionError on both sides" in problem.message
    assert problem.evidence == "ZeroDivisionError: division by zero"
    assert ("raises=KeyError is asked for" in problem.message) == bool(raises)


@pytest.mark.parametrize("raises", [ZeroDivisionError, ArithmeticError, BaseException])
def test_what_is_asked_for_may_be_a_base(raises: type[BaseException]) -> None:
    other_text = [*FAILS[:2], "Division durch null", *FAILS[3:]]

    assert judge_raised(probe(KeyError, raises), FAILS, FAILS) == NOTHING
    assert judge_raised(probe(raises), FAILS, other_text) == NOTHING


def test_the_texts_of_other_exceptions_are_compared() -> None:
    other = drawn("exec('raise RefusedError(2)')")

    assert judge_raised(probe(ValueError), REFUSES, REFUSES) == NOTHING
    (problem,) = judge_raised(probe(ValueError), REFUSES, other).problems
    assert (problem.code, problem.evidence) == ("mismatch", "1 then, 2 now")


def test_nothing_raised_where_it_is_asked_for_fails() -> None:
    (problem,) = judge_raised(probe(KeyError), drawn("1"), drawn("1")).problems

    assert problem.message.startswith("raises=KeyError is asked for, and nothing was raised")


def test_one_side_alone_and_another_class_are_differences_like_any_other() -> None:
    assert judge_raised(probe(ValueError), FAILS, drawn("1")) == NOTHING
    assert judge_raised(probe(ValueError), FAILS, REFUSES) == NOTHING


def test_a_bundle_of_an_older_release_says_what_it_compares() -> None:
    old = {key: value for key, value in probe().items() if key != "raises"}

    found = judge_raised(old, FAILS[:3], FAILS)

    assert found.problems == ()
    assert [note.code for note in found.notes] == ["call-error"]
