from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_portable.report.text import (
    MAX_DISTRIBUTIONS,
    MAX_FULL,
    MAX_SHOWN,
    MAX_TRACEBACK_LINES,
    WIDTH,
    render,
)
from pytest_portable.verdict import Problem, Remedy, Target, Verdict

MISSING = Problem(
    code="missing-distribution",
    stage="load",
    message="needs yaml, which no declared requirement brings",
    path="obj.steps[0]",
    module="yaml",
    distribution="PyYAML",
    remedies=(Remedy('deps=[..., "PyYAML"]', '"PyYAML"'),),
    evidence="ModuleNotFoundError: No module named 'yaml'",
)


def verdict(*problems: Problem, **given: Any) -> Verdict:
    keys: dict[str, Any] = {
        "portable": not problems,
        "stage": problems[0].stage if problems else None,
        "problems": problems,
        "notes": (),
        "object": "shop.Basket",
        "serializer": "pickle",
        "protocol": 4,
        "payload_bytes": 12345,
        "target": Target("3.12.1", "cpython", "linux-x86_64", "/envs/a/bin/python", {"six": "1"}),
        "leg": {"python": "3.12", "deps": ["six"], "id": "py3.12", "label": "py3.12"},
        "seconds": {"total": 0.1},
        "test": "test_shop.py::test_basket[py3.12]",
        "reproduce": "python -m pytest 'test_shop.py::test_basket[py3.12]'",
    }
    return Verdict(**{**keys, **given})


def test_one_problem_is_one_short_screen() -> None:
    assert str(verdict(MISSING)) == (
        "shop.Basket is not portable to py3.12\n"
        "broke at: load\n"
        "\n"
        "  1  missing-distribution      obj.steps[0]\n"
        "     needs yaml, which no declared requirement brings\n"
        "     there: ModuleNotFoundError: No module named 'yaml'\n"
        '     fix:   deps=[..., "PyYAML"]\n'
        "\n"
        "  leg: py3.12, pickle, protocol 4, 12,345 bytes\n"
        "  environment: cpython 3.12.1: six 1\n"
        "  by hand: python -m pytest 'test_shop.py::test_basket[py3.12]'"
    )


def test_a_portable_verdict_has_no_fix_and_no_command() -> None:
    assert str(verdict()) == (
        "portable to py3.12: shop.Basket\n"
        "\n"
        "  leg: py3.12, pickle, protocol 4, 12,345 bytes\n"
        "  environment: cpython 3.12.1: six 1"
    )


def test_long_words_are_wrapped_and_paths_are_kept_whole() -> None:
    long = Problem(
        code="missing-module",
        stage="load",
        message="needs " + "a_long_word " * 20,
        path="obj" + ".attribute" * 12,
        evidence="ValueError: " + "many words " * 30,
        remedies=(Remedy("do " + "something " * 20),),
    )

    lines = str(verdict(long)).splitlines()

    assert f"     at {long.path}" in lines
    assert max(len(line) for line in lines if str(long.path) not in line) <= WIDTH
    assert len([line for line in lines if line.startswith("            something")]) == 3


def test_many_problems_are_counted() -> None:
    text = str(verdict(*[MISSING] * (MAX_SHOWN + 3)))

    assert text.count("missing-distribution") == MAX_SHOWN
    assert f"broke at: load, {MAX_SHOWN + 3} problems\n" in text
    assert "  ... and 3 more problems\n" in text


def test_as_many_problems_as_fit_are_not_cut() -> None:
    text = str(verdict(*[MISSING] * MAX_SHOWN))

    assert text.count("missing-distribution") == MAX_SHOWN
    assert "more problems" not in text


def test_only_the_first_few_problems_are_told_in_full() -> None:
    other = replace(MISSING, message="words " * 30)
    found = [MISSING] * MAX_FULL + [other] * 2

    text = str(verdict(*found))
    more = render(verdict(*found).to_dict(), verbosity=1)

    assert text.count("there: ModuleNotFoundError") == MAX_FULL
    assert text.count("words ...\n") == 2
    assert more.count("there: ModuleNotFoundError") == len(found)


def test_a_remedy_of_several_problems_is_said_once() -> None:
    text = str(verdict(MISSING, MISSING))

    assert text.count("fix: ") == 1


def test_what_failed_here_is_not_said_to_have_failed_there() -> None:
    here = replace(MISSING, stage="dump")

    assert "     here:  ModuleNotFoundError" in str(verdict(here))


@pytest.mark.parametrize(("verbosity", "traceback", "payload"), [(0, 0, 0), (1, 1, 0), (2, 1, 1)])
def test_more_is_told_when_asked_for(verbosity: int, traceback: int, payload: int) -> None:
    told = replace(
        MISSING,
        traceback="Traceback (most recent call last):\n  File x\nValueError: " + "long " * 30,
        payload=("  > 10  STACK_GLOBAL  obj.x",),
    )

    text = str(verdict(told, verbosity=verbosity))

    assert text.count("     traceback there:\n       Traceback (most recent") == traceback
    assert text.count("     payload, by offset:\n         > 10  STACK_GLOBAL  obj.x") == payload


def test_a_long_traceback_is_cut_at_its_beginning() -> None:
    told = replace(MISSING, traceback="\n".join(f"line {n}" for n in range(100)))

    text = str(verdict(told, verbosity=1))

    assert f"... {100 - MAX_TRACEBACK_LINES} lines before" in text
    assert "line 99" in text
    assert "line 3\n" not in text


def test_notes_come_after_problems_without_a_number() -> None:
    note = Problem(code="load-warning", stage="load", message="UserWarning: old", path="obj")

    lines = str(verdict(MISSING, notes=(note,))).splitlines()

    assert [line for line in lines if "  1  " in line or "note" in line] == [
        "  1  missing-distribution      obj.steps[0]",
        "  note load-warning              obj",
    ]


def test_a_proven_remedy_says_so() -> None:
    proven = Problem(
        code="missing-distribution",
        stage="load",
        message="m",
        remedies=(
            Remedy('deps=[..., "a"]', '"a"', proven=True, proof="loads with 2.0"),
            Remedy("or do without"),
        ),
    )

    lines = str(verdict(proven)).splitlines()

    assert '     fix:   deps=[..., "a"]   (proven: loads with 2.0)' in lines
    assert "     fix:   or do without" in lines


def test_long_evidence_is_cut() -> None:
    chatty = Problem(code="crash", stage="load", message="m", evidence="\n".join("abcdefghij"))

    text = str(verdict(chatty))

    assert "there: f" in text
    assert "there: g" not in text


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (0, "nothing but the standard library"),
        (MAX_DISTRIBUTIONS, "dist-07 1.7"),
        (MAX_DISTRIBUTIONS + 2, "and 2 more"),
    ],
)
def test_the_environment_is_summed_up(held: int, shown: str) -> None:
    distributions = {f"dist-{number:02}": f"1.{number}" for number in range(held)}
    target = Target("3.12.1", "cpython", "linux-x86_64", "/e/bin/python", distributions)

    text = " ".join(str(verdict(MISSING, target=target)).split())

    assert shown in text
    assert f"dist-{MAX_DISTRIBUTIONS:02}" not in text


def test_what_is_not_known_is_left_out() -> None:
    bare = verdict(MISSING, target=None, protocol=None, payload_bytes=None, reproduce="")

    lines = str(bare).splitlines()

    assert lines[-2:] == ["", "  leg: py3.12, pickle"]


def test_a_long_type_is_shortened_to_its_name() -> None:
    text = str(verdict(MISSING, object="a_package.with_a.very_long.path_of.modules.Basket"))

    assert text.startswith("Basket is not portable to py3.12\n")


def test_there_is_no_colour_and_no_trailing_space() -> None:
    text = render(verdict(MISSING, MISSING).to_dict())

    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
