from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pytest_portable.equivalence import compare, shorten
from pytest_portable.equivalence.paths import attribute, element, render, root, suffix
from unit.equivalence.samples import Lied, Money, Node, changes, scale


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param(list(range(10**6)), "[0, 1, 2, 3, 4, 5, ... 1000000 in all]", id="list"),
        pytest.param((1,), "(1,)", id="tuple"),
        pytest.param(set(), "set()", id="set"),
        pytest.param(
            {i: i for i in range(9)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, ... 9 in all}"
        ),
        pytest.param([[[[[1]]]]], "[[[[...]]]]", id="deep"),
        pytest.param(10**5000, "<int of 16610 bits>", id="int"),
        pytest.param(Node(), "<unit.equivalence.samples.Node object>", id="no address"),
        pytest.param(scale, "<function scale>", id="function"),
        pytest.param(Money([1]), "Money(amount=[1])", id="dataclass"),
        pytest.param(Lied(1), "<unit.equivalence.samples.Lied: repr failed>", id="broken"),
        pytest.param([Lied(1)], "[<unit.equivalence.samples.Lied: repr failed>]", id="inside"),
    ],
)
def test_shorten(obj: object, expected: str) -> None:
    assert shorten(obj) == expected


def test_shorten_keeps_to_one_line_and_to_its_limit() -> None:
    class Long:
        def __repr__(self) -> str:
            return "a\n b" * 100

    assert shorten(Long(), 20) == "a ba ba ba ba ba ..."
    assert len(shorten("x" * 1000, 30)) == 30
    assert shorten("a\nb") == "'a\\nb'"


def test_a_dataclass_of_a_million_is_short_work() -> None:
    @dataclasses.dataclass
    class Wide:
        rows: list[int]
        hidden: Any = dataclasses.field(default=1, repr=False)

    assert shorten(Wide([0] * 10**6), 200).endswith(
        "Wide(rows=[0, 0, 0, 0, 0, 0, ... 1000000 in all])"
    )


def test_long_texts_are_shown_where_they_part() -> None:
    item = compare("a" * 500 + "b" + "c" * 300, "a" * 500 + "x" + "c" * 300).items[0]

    assert item.original == "...'aaaaaaaaaaaaaaabcccccccccccccc'..."
    assert item.returned == "...'aaaaaaaaaaaaaaaxcccccccccccccc'..."
    assert item.reason == "values differ from position 500 on"
    assert changes(b"a" * 99, b"a" * 98) == [("obj", "values differ from position 98 on")]


def test_paths() -> None:
    path = attribute(element(suffix(root("x"), ".f()"), 2), "not a name")

    assert render(path) == "list(x.f())[2].__dict__['not a name']"


def test_the_middle_of_a_long_path_is_left_out() -> None:
    path = root("obj")
    for _ in range(1000):
        path = attribute(path, "a")

    text = render(path)

    assert text.startswith("obj.a.a")
    assert "...(941 more)..." in text
    assert len(text) < 200
