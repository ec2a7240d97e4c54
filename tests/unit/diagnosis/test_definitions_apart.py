from __future__ import annotations

import dataclasses
import enum
import sys
from dataclasses import replace
from typing import Any

import pytest

from pytest_portable.agent.descriptions import Definition
from pytest_portable.agent.in_target import facts
from pytest_portable.agent.typed_json import read_as
from pytest_portable.diagnosis.definitions import differences, facts_here, live

KIND = Definition(
    kind="class",
    bases=("builtins.object",),
    fields=("a", "b"),
    has_dict=True,
    makers={"__init__": ("self", "a", "b=")},
    sets=("a", "b"),
    attributes=("run",),
    code=1,
)
FUNCTION = Definition("function", parameters=("a", "b="), code=1)
COLOR = replace(KIND, members=(("RED", "1"), ("BLUE", "2")))


def told(here: Definition, **changes: Any) -> list[str]:
    return differences(here, replace(here, **changes), same_python=True)


@pytest.mark.parametrize("definition", [KIND, FUNCTION, COLOR, Definition("int")])
def test_the_same_definition_has_no_difference(definition: Definition) -> None:
    assert told(definition) == []


@pytest.mark.parametrize(
    ("here", "changes", "words"),
    [
        (KIND, {"kind": "function"}, ["it is a class here and a function there"]),
        (FUNCTION, {"parameters": ("a",)}, ["it takes (a, b=) here and (a) there"]),
        (KIND, {"fields": ("a", "c")}, ["field c is new there", "no field b there"]),
        (
            KIND,
            {"has_dict": False, "slots": ("a",)},
            ["there it has __slots__ = (a) and no other attributes"],
        ),
        (KIND, {"slots": ("a",)}, ["its slots are () here, (a) there"]),
        (
            KIND,
            {"makers": {"__init__": ("self",)}},
            ["__init__(self, a, b=) here, __init__(self) there"],
        ),
        (KIND, {"makers": {}}, []),
        (KIND, {"bases": ("m.B",)}, ["its bases are builtins.object here, m.B there"]),
        (KIND, {"sets": ("a",)}, ["no name in __init__ b there"]),
        (KIND, {"attributes": ("run", "stop")}, ["attribute stop is new there"]),
        (COLOR, {"members": (("RED", "1"),)}, ["no member BLUE = 2 there"]),
        (
            COLOR,
            {"members": (("RED", "2"), ("BLUE", "2"))},
            ["member RED is 1 here and 2 there"],
        ),
        (COLOR, {"members": None}, []),
        (KIND, {"code": 2}, ["its code differs"]),
        (FUNCTION, {"parameters": (), "code": 2}, ["it takes (a, b=) here and () there"]),
    ],
)
def test_what_differs_is_named(here: Definition, changes: dict[str, Any], words: list[str]) -> None:
    assert told(here, **changes) == words


def test_code_says_nothing_between_two_pythons() -> None:
    assert differences(KIND, replace(KIND, code=2), same_python=False) == []


def test_many_names_are_counted() -> None:
    names = tuple(f"n{number}" for number in range(9))

    assert told(KIND, attributes=("run", *names)) == [
        "attribute n0, n1, n2, n3, n4 and 4 more is new there"
    ]


@pytest.mark.parametrize(("here", "there"), [(None, KIND), (KIND, None), (None, None)])
def test_what_is_not_known_does_not_differ(
    here: Definition | None, there: Definition | None
) -> None:
    assert differences(here, there, same_python=True) == []


class Shade(enum.Enum):
    DARK = 1


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

    def move(self) -> None: ...


def function(a: int, *rest: int, b: int = 0, **more: int) -> None: ...


def test_definitions_of_this_side_are_read_like_those_of_the_other() -> None:
    point = facts_here(__name__, "Point")
    assert point is not None
    assert (point.kind, point.fields, point.slots, point.has_dict) == (
        "class",
        ("x", "y"),
        None,
        True,
    )
    assert "move" in point.attributes
    assert point.makers["__init__"] == ("self", "x", "y=")
    assert facts_here(__name__, "Shade.DARK") is not None

    shade = facts_here(__name__, "Shade")
    assert shade is not None
    assert shade.members == (("DARK", "1"),)

    known = facts_here(__name__, "function")
    assert known is not None
    assert known.parameters == ("a", "*rest", "b=", "**more")
    told = facts.find_name(sys.modules[__name__], "function")
    assert known == read_as(Definition, told)


@pytest.mark.parametrize("name", ["Nothing", "Point.nothing"])
def test_what_is_not_here_has_no_definition(name: str) -> None:
    assert facts_here(__name__, name) is None
    assert facts_here("no_such_module", name) is None


def test_what_a_module_would_compute_is_not_asked_for() -> None:
    class Asked(type):
        def __getattr__(cls, name: str) -> int:
            raise AssertionError(name)

    globals()["Hidden"] = Asked("Hidden", (), {})
    try:
        assert live(__name__, "Hidden.part") is None
    finally:
        del globals()["Hidden"]
