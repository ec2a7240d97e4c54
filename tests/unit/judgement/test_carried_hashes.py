"""Hashes that an attribute keeps: which classes keep one, and whether it travelled."""

from __future__ import annotations

import functools
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.descriptions import PartFacts
from pytest_portable.agent.records import Parts
from pytest_portable.judgement.carried_hashes import hash_attributes, judge_carried_hashes
from pytest_portable.judgement.findings import NOTHING, problems
from pytest_portable.verdict import Problem
from support.judging import Answers, context, evidences, transcript

if TYPE_CHECKING:
    from pytest_portable.judgement.findings import Findings


class Direct:
    def __init__(self, name: str) -> None:
        self.name = name
        self._key = hash(("direct", name))


class Lazy:
    _hash: int | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    def __hash__(self) -> int:
        if self._hash is None:
            taken = hash((type(self).__name__, self.name))
            self._hash = taken
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lazy) and self.name == other.name


class PastItsSetter:
    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_key", hash(name))


class Property:
    def __init__(self, name: str) -> None:
        self.name = name

    @functools.cached_property
    def key(self) -> int:
        return hash(self.name)


class Numbers:
    def __init__(self, number: int) -> None:
        self.number = number
        self._key = hash((number, number))


class Elsewhere:
    def __init__(self, name: str) -> None:
        self.stamp = 1 << 60
        hash(name)
        self.name = name


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Direct, {"_key"}),
        (Lazy, {"_hash"}),
        (PastItsSetter, {"_key"}),
        (Property, {"key"}),
        (Elsewhere, set()),
        (int, set()),
    ],
)
def test_code_shows_where_a_hash_is_kept(kind: type, names: set[str]) -> None:
    assert set(hash_attributes(kind)) == names


def judged(obj: object, kind: type, there: str, found: Findings = NOTHING) -> tuple[Findings, Any]:
    """Judge an object whose attribute reads like `there` in the target."""
    asked: list[str] = []

    def again(_probe: object, parts: list[str], _seed: object) -> object:
        asked.extend(parts)
        return transcript(Parts(tuple(PartFacts(there) for _ in parts)))

    known = context(obj)
    evidence = evidences(known, questions=Answers(again=again))  # type: ignore[arg-type]
    named = [(kind.__module__, kind.__qualname__)]
    return judge_carried_hashes(known, evidence, named, found), asked


def test_a_hash_that_travelled_is_a_note_at_its_attribute() -> None:
    obj = {"d": [Direct("a")]}
    found, _ = judged(obj, Direct, str(obj["d"][0]._key))

    assert found.problems == ()
    assert [(one.code, one.path) for one in found.notes] == [
        ("environment-dependency", "obj['d'][0]._key")
    ]


def test_a_hash_that_is_taken_anew_there_is_none() -> None:
    assert judged([Direct("a")], Direct, "7")[0] == NOTHING


@pytest.mark.parametrize("obj", [[Numbers(5)], [Elsewhere("a")], [Lazy("a")]])
def test_what_holds_no_hash_of_text_is_not_asked_for(obj: list[Any]) -> None:
    assert judged(obj, type(obj[0]), "1") == (NOTHING, [])


def test_members_without_an_order_are_asked_together() -> None:
    one = Lazy("a")
    found, asked = judged({one}, Lazy, f"list({hash(one)})")

    assert asked == ["[getattr(one, '_hash', None) for one in obj]"]
    assert [note.path for note in found.notes] == ["list(obj)[0]._hash"]


def test_it_comes_first_where_a_probe_disagrees() -> None:
    obj = [Direct("a")]
    raised = problems([Problem("call-error", "call", "KeyError", path="obj")])
    found, _ = judged(obj, Direct, str(obj[0]._key), raised)

    assert [one.code for one in found.problems] == ["environment-dependency", "call-error"]
    assert found.notes == ()


def test_a_class_that_is_not_here_is_passed_over() -> None:
    gone = types.new_class("Gone")
    assert gone.__module__ in sys.modules
    assert judged([1], gone, "1") == (NOTHING, [])
