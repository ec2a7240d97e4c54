from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pytest_portable.agent.descriptions import PartFacts
from pytest_portable.agent.in_target.facts import part_facts
from pytest_portable.agent.typed_json import read_as
from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.judgement.returned import judge_return
from support.judging import Answers, context, evidences, returned, transcript

if TYPE_CHECKING:
    from collections.abc import Sequence


PLAIN = type(logging.getLogger("answered"))


class Component(logging.Logger):
    """A logger with one more method."""


class Registry(dict[str, int]):
    """Sent by the name of the one that there is."""

    def __reduce__(self) -> str:
        return "REGISTRY"


REGISTRY = Registry(a=1)


def logger(kind: type[logging.Logger], name: str) -> logging.Logger:
    """Return the logger of a name, made now if there is none."""
    before = logging.getLoggerClass()
    logging.setLoggerClass(kind)
    try:
        return logging.getLogger(name)
    finally:
        logging.setLoggerClass(before)


def judged(obj: object, there: object) -> tuple[Findings, Answers]:
    """Judge an object of which the target has something else.

    Args:
        obj: it comes back as itself.
        there: what the target has.
    """

    def describe(parts: Sequence[str]) -> tuple[PartFacts, ...]:
        return tuple(read_as(PartFacts, part_facts(one, {"obj": there})) for one in parts)

    known = context(obj)
    run = transcript(returned(obj))
    answers = Answers(parts=describe)
    return judge_return(
        known, run, evidences(known, run=run, questions=answers), None, NOTHING
    ), answers


def test_another_class_there_fails_and_is_named() -> None:
    found, _ = judged({"log": [logger(Component, "answered.class")]}, {"log": [PLAIN("a")]})

    (problem,) = found.problems
    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "obj['log'][0]")
    assert "Component" in problem.message
    assert "logging.Logger" in problem.message


def test_another_value_there_is_a_note_and_the_same_is_nothing() -> None:
    here = logging.getLogger("answered.level")
    there = PLAIN("answered.level")
    there.parent = here.parent
    assert judged([here], [there])[0] == NOTHING

    there.setLevel(logging.DEBUG)
    found, _ = judged([here], [there])

    assert found.problems == ()
    (note,) = found.notes
    assert note.path == "obj[0]"
    assert note.evidence == "obj[0].level is 0 here and 10 there"


def test_items_of_a_registry_are_compared() -> None:
    found, _ = judged({"r": REGISTRY}, {"r": Registry(a=2)})

    assert found.problems == ()
    assert "dict(obj['r']) is dict('a': 1) here and dict('a': 2) there" in found.notes[0].evidence


def test_a_public_attribute_that_is_lost_fails() -> None:
    here, there = logging.getLogger("answered.lost"), PLAIN("answered.lost")
    here.extra = 1  # type: ignore[attr-defined]
    there.parent = here.parent

    (problem,) = judged([here], [there])[0].problems

    assert problem.path == "obj[0].extra"


def test_what_the_target_does_not_tell_is_told() -> None:
    found, _ = judged([logging.getLogger("answered.none")], [])

    assert "was not compared" in found.notes[0].message


def test_nobody_is_asked_for_what_is_sent_by_name_or_is_a_value() -> None:
    import decimal
    import http
    import re

    plain: Any = [
        http.HTTPStatus.OK,
        decimal.Decimal,
        len,
        NotImplemented,
        ...,
        re.compile("a"),
        1,
        "a",
    ]
    found, answers = judged(plain, plain)

    assert found == NOTHING
    assert answers.asked == []
