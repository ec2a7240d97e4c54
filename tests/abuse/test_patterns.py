"""No regular expression of ours takes more than linear time, whatever text a target writes."""

from __future__ import annotations

import pytest

import pytest_portable
from support.patterns import Pattern, collect, find_slow, worst_texts

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "pattern", list(collect(pytest_portable)), ids=lambda pattern: pattern.where
)
def test_linear(pattern: Pattern) -> None:
    assert find_slow(pattern) == ""


@pytest.mark.parametrize(
    "careless",
    [
        r"(a+)+b",
        r"^\s*x.*y.*z",
        r"(\w+)\.__init__\(\)",
        r"cannot install .+ because",
        r"(^|\s+)#.*$",
        r"(?:\w+\.)*\w+!",
        r"', flags=\[[^]]*\]",
    ],
)
def test_a_careless_pattern_is_caught(careless: str) -> None:
    assert repr(careless) in find_slow(Pattern("here:1", careless))


@pytest.mark.parametrize(
    "careful", [r"a{1,30}b", r"x[^xy]*y", r"(?<!\w)\w+", r"import|missing|cannot .*"]
)
def test_a_careful_pattern_is_not(careful: str) -> None:
    assert find_slow(Pattern("here:1", careful)) == ""


def test_only_the_first_match_of_an_anchored_one_counts() -> None:
    pattern = Pattern("here:1", r"\w+!", ways=("match",))

    assert find_slow(pattern) == ""
    assert find_slow(Pattern("here:1", r"\w+!", ways=("search",)))


def test_worst_texts_begin_with_what_fits() -> None:
    texts = list(worst_texts(Pattern("here:1", r"ab(\w+)cd")))

    assert any(prefix.startswith("ab") and unit == "c" for prefix, unit, _, _ in texts)
