"""Policies of the mark stop a check before anything is started for it."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Verdict


def codes(verdict: Verdict) -> list[str]:
    return [problem.code for problem in verdict.problems]


def test_what_weighs_too_much_is_never_loaded(on: Callable[..., Portable]) -> None:
    verdict = on(max_bytes=1000).check(bytes(2000))

    assert (verdict.stage, codes(verdict)) == ("inspect", ["too-large"])
    assert verdict.seconds.get("there") is None
    assert on(max_bytes=3000).check(bytes(2000))


def test_the_budget_covers_arguments_but_not_what_a_probe_sees(on: Callable[..., Portable]) -> None:
    portable = on(max_bytes=2000)

    assert portable.check(b"x", probe="obj + y", y=bytes(5000))
    with pytest.raises(AssertionError, match=r"biggest: args\[0\]\['a'\]\s+\(5,007\)\n"):
        portable.call(len, {"a": bytes(5000)})


def test_a_forbidden_module_is_named_by_path(on: Callable[..., Portable]) -> None:
    portable = on(forbid=("collections",))

    verdict = portable.check({"c": collections.Counter("ab")})

    assert (verdict.stage, codes(verdict)) == ("inspect", ["forbidden-reference"])
    assert verdict.problems[0].path == "obj['c']"
    with pytest.raises(AssertionError, match=r"kwargs\['key'\]"):
        portable.call(dict, key=collections.Counter())


def test_a_distribution_must_be_absent(on: Callable[..., Portable]) -> None:
    verdict = on(absent=("pytest",)).check([1])

    assert [(one.code, one.distribution) for one in verdict.problems] == [
        ("unwanted-distribution", "pytest")
    ]
    assert verdict.stage == "inspect"
    assert on(absent=("no-such-distribution",)).check([1])
