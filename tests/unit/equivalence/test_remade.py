from __future__ import annotations

import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pytest_portable.equivalence import compare
from unit.equivalence.samples import paths


def lazily(text: str, *, is_loud: bool = False) -> Any:
    """Make an instance of a class that exists for it alone, as lazy texts are."""

    class Lazy:
        def __init__(self) -> None:
            self.text = text

        def __reduce__(self) -> tuple[Any, ...]:
            return lazily, (text,)

    if is_loud:
        Lazy.volume = 11  # type: ignore[attr-defined]
    return Lazy()


class Named(type):
    """Classes of one name are equal, as symbols of functions are."""

    def __eq__(cls, other: object) -> bool:
        return isinstance(other, Named) and cls.__name__ == other.__name__

    def __hash__(cls) -> int:
        return hash(cls.__name__)


def test_classes_that_are_made_with_their_instances_are_compared_by_what_they_are() -> None:
    assert not compare([lazily("a")], [lazily("a")])
    assert paths([lazily("a")], [lazily("b")]) != []
    assert paths([lazily("a")], [lazily("a", is_loud=True)]) == ["type(obj[0]).volume"]


def test_a_metaclass_may_call_two_classes_equal() -> None:
    one, same, other = (Named(name, (), {}) for name in ("f", "f", "g"))

    assert not compare([one], [same])
    assert paths([one], [other]) == ["obj[0]"]


class Column:
    """Its `==` makes an expression, and keeps what it needed for that."""

    asked = 0

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> Any:
        type(self).asked += 1
        self.comparator = object()
        return [self, other]

    __hash__ = None  # type: ignore[assignment]


def test_asking_an_object_does_not_change_it_and_one_answer_is_enough() -> None:
    Column.asked = 0
    columns = [Column("a"), Column("b"), Column("c")]

    assert paths(columns, [Column("a"), Column("x"), Column("y")]) == ["obj[1].name", "obj[2].name"]
    assert Column.asked == 1
    assert all(vars(column) == {"name": column.name} for column in columns)


def test_the_fold_of_an_hour_that_is_there_once_is_nothing() -> None:
    zone = ZoneInfo("Europe/Berlin")
    once, twice = (
        datetime(2024, 7, 1, 2, 30, tzinfo=zone),
        datetime(2024, 10, 27, 2, 30, tzinfo=zone),
    )

    assert not compare([once], [once.replace(fold=1)])
    assert paths([twice], [twice.replace(fold=1)]) == ["obj[0].fold"]
    unknown = once.replace(tzinfo=None)
    assert paths([unknown], [unknown.replace(fold=1)]) == ["obj[0].fold"]


def test_a_lock_that_arrives_locked_is_dead() -> None:
    for make in (threading.Lock, threading.RLock):
        assert not compare([make()], [make()])
    dead = threading.Lock()
    dead.acquire()

    assert paths([threading.Lock()], [dead]) == ["obj[0]"]
    assert not compare([dead], [threading.Lock()])  # it is in use at present
