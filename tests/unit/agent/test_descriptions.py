"""What a target says is checked where it is read: a forged description is no description."""

from __future__ import annotations

import collections
import enum
import functools
import json
import sys
from typing import Any

import pytest

from pytest_portable.agent.descriptions import (
    Definition,
    PartFacts,
    SurveyAnswers,
    SurveyEntry,
)
from pytest_portable.agent.in_target import facts
from pytest_portable.agent.in_target import survey as in_survey
from pytest_portable.agent.records import Surroundings, read_record
from pytest_portable.agent.typed_json import MalformedRecord, read_as

PAIR = collections.namedtuple("PAIR", "a b")  # noqa: PYI024 - as old code has them


class Color(enum.Enum):
    RED = 1


class Mine:
    shade = 3

    def __init__(self) -> None:
        self.level = 1

    def go(self) -> object:
        return LIMIT, mine, Color


LIMIT = [1]
mine = Mine()


@functools.singledispatch
def show(value: object) -> object:
    return value


def travelled(told: Any) -> Any:
    return json.loads(json.dumps(told))


# Definitions


@pytest.mark.parametrize(
    "value", [Mine, Mine.go, Color, PAIR, 3, sys, print, int, collections.OrderedDict]
)
def test_definitions_are_the_same_before_and_after_their_journey(value: object) -> None:
    told = facts.facts_of(value)

    found = read_as(Definition, told)

    assert found == read_as(Definition, travelled(told))
    assert found is not None
    assert found.kind == ("class" if isinstance(value, type) else type(value).__qualname__)


def test_a_name_that_is_not_there_has_no_definition() -> None:
    assert facts.find_name(sys, "no_such_name") is None


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"kind": 3},
        {"kind": "class", "bases": "abc"},
        {"kind": "class", "bases": [1]},
        {"kind": "class", "members": [["RED"]]},
        {"kind": "class", "members": {"RED": 1}},
        {"kind": "class", "makers": ["__init__"]},
        {"kind": "class", "makers": {"__init__": 3}},
        {"kind": "class", "has_dict": "yes"},
        {"kind": "function", "code": "1"},
    ],
)
def test_a_forged_definition_is_refused(forged: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_as(Definition, forged)


# Parts


def test_a_part_has_a_text_or_what_it_raised() -> None:
    values = {"obj": Mine()}

    assert read_as(PartFacts, facts.part_facts("obj.level", values)) == PartFacts("1")
    assert read_as(PartFacts, facts.part_facts("obj", values)).held == ("level",)
    raised = read_as(PartFacts, facts.part_facts("obj.nothing", values))
    assert (raised.text, raised.held) == (None, ())
    assert raised.raised.startswith("AttributeError: ")


@pytest.mark.parametrize("forged", [{}, {"text": 3}, {"raised": None}, {"text": "", "held": [1]}])
def test_a_forged_part_is_refused(forged: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_as(PartFacts, forged)


# Surveys


def survey(*names: str) -> dict[str, Any]:
    return in_survey.survey(
        {
            "globals": [[__name__, name] for name in names],
            "follow": [__name__.partition(".")[0]],
            "virtual": [
                [__name__, "Mine", "collections.abc", "Sized"],
                [__name__, "Nothing", "collections.abc", "Sized"],
            ],
        }
    )


def test_a_survey_is_the_same_before_and_after_its_journey() -> None:
    told = survey("Mine", "Color", "show", "mine", "Nothing", "sys")

    found = read_as(SurveyAnswers, told)

    assert found == read_as(SurveyAnswers, travelled(told))
    kinds = {key.partition(":")[2]: entry.kind for key, entry in found.entries.items()}
    assert kinds == {
        "Mine": "class",
        "Color": "class",
        "show": "function",
        "mine": "object",
        "Nothing": "missing",
        "sys": "module",
        "LIMIT": "plain",
    }
    assert found.entries[f"{__name__}:Color"].enum == {"RED": "1"}
    assert found.entries[f"{__name__}:mine"].fields == {"level": "1"}
    members = found.entries[f"{__name__}:Mine"].members
    assert (members["shade"].text, members["shade"].is_flat) == ("3", True)
    assert members["go"].place.startswith(__file__)
    assert found.entries[f"{__name__}:show"].registry == ("builtins.object",)
    assert found.origins[f"{__name__}:LIMIT"] == f"{__name__}:Mine"
    assert found.files[__name__][0] == __file__
    assert found.virtual == (False, None)


@pytest.mark.parametrize(
    ("key", "forged"),
    [
        ("entries", ["a"]),
        ("entries", {"a:b": "missing"}),
        ("entries", {"a:b": {}}),
        ("entries", {"a:b": {"kind": "other", "type": ["m"]}}),
        ("entries", {"a:b": {"kind": "function", "code": []}}),
        ("entries", {"a:b": {"kind": "function", "file": ["x"]}}),
        ("entries", {"a:b": {"kind": "plain", "text": 3}}),
        ("entries", {"a:b": {"kind": "class", "members": {"m": {}}}}),
        ("entries", {"a:b": {"kind": "class", "enum": {"RED": 1}}}),
        ("origins", {"a:b": 3}),
        ("files", {"a": ["a.py"]}),
        ("files", {"a": ["a.py", "mark"]}),
        ("virtual", [1]),
        ("virtual", None),
    ],
)
def test_a_forged_survey_is_refused(key: str, forged: object) -> None:
    told = {**survey("Mine"), key: forged}

    with pytest.raises(ValueError, match="is no"):
        read_record({"surroundings": told}, None)


def test_what_a_forged_entry_leaves_out_is_empty() -> None:
    told = {**survey("Mine"), "entries": {"a:b": {"kind": "function"}}}

    record = read_record({"surroundings": told}, None)

    assert isinstance(record, Surroundings)
    assert record.survey.entries == {"a:b": SurveyEntry("function")}


@pytest.mark.parametrize(
    "header",
    [
        {"parts": [{"text": 3}]},
        {"parts": ["text"]},
        {"counted": "m", "error": None, "names": {"f": {"kind": 3}}},
        {"counted": "m", "error": None, "names": {"f": "there"}},
    ],
)
def test_records_of_forged_descriptions_are_malformed(header: dict[str, Any]) -> None:
    with pytest.raises((MalformedRecord, ValueError)):
        read_record(header, None)
