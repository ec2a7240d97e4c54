from __future__ import annotations

import re

import pytest

from pytest_portable.cli.colours import shows_colours
from pytest_portable.report.colours import ansi, colour
from pytest_portable.report.text import render
from pytest_portable.verdict import Problem, Remedy, Verdict

LONG = "obj" + "['a_key']" * 9
PROBLEMS = (
    Problem(
        "missing-distribution",
        "load",
        "needs yaml",
        path="obj.steps[0]",
        evidence="ModuleNotFoundError: No module named 'yaml'",
        remedies=(Remedy("declare it, " * 8 + "the end"),),
    ),
    Problem("mismatch", "compare", "values differ", path=LONG),
)
NOTE = Problem("platform", "load", "a PosixPath", path="obj.cache")


def text(width: int = 76) -> str:
    verdict = Verdict(
        *(False, "load", PROBLEMS, (NOTE,), "shop.Basket", "pickle", 4, 1, None),
        {"label": "py3.12"},
        {},
    )
    return render(verdict.to_dict(), width=width)


@pytest.mark.parametrize("width", [56, 76, 116])
def test_colours_add_nothing_but_colours(width: int) -> None:
    plain = text(width)
    assert (
        "\n".join("".join(part for part, _ in line) for line in colour(plain.split("\n"))) == plain
    )
    assert re.sub(r"\x1b\[[\d;]*m", "", ansi(plain)) == plain


def marks_of(words: str) -> set[str]:
    """Return the marks of the pieces that hold some words."""
    return {
        name
        for line in colour(text().split("\n"))
        for part, marks in line
        if words in part
        for name in marks
    }


@pytest.mark.parametrize(
    ("words", "marks"),
    [
        ("shop.Basket is not portable", {"red", "bold"}),
        ("broke at: load", {"red", "bold"}),
        ("missing-distribution", {"red", "bold"}),
        ("obj.steps[0]", {"cyan"}),
        (LONG, {"cyan"}),
        ("there:", {"yellow"}),
        ("ModuleNotFoundError", set()),
        ("fix:", {"green"}),
        ("the end", {"green"}),  # in a further line of the fix
        ("platform", {"yellow"}),
        ("needs yaml", set()),
        ("leg: ", set()),
    ],
)
def test_each_kind_of_word_has_its_colour(words: str, marks: set[str]) -> None:
    assert marks_of(words) == marks


@pytest.mark.parametrize(
    ("variables", "is_terminal", "shows"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_about_colours(
    variables: dict[str, str], *, is_terminal: bool, shows: bool
) -> None:
    assert shows_colours(variables, is_terminal=is_terminal) is shows
