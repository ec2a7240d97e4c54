"""The `__reduce__` that a remedy writes for a class, which has to rebuild its instances."""

from __future__ import annotations

import collections
import copyreg
import dataclasses
import pickle
from typing import Any

import pytest

from pytest_portable.diagnosis.written_reduce import written_reduce


class Named:
    def __new__(cls, name: str) -> Any:
        made = object.__new__(cls)
        made._name = name  # type: ignore[attr-defined]
        return made


class LimitError(Exception):
    def __init__(self, message: str, *, model: int, level: int = 3) -> None:
        super().__init__(message)
        self.model = model
        self.level = level


class Members(set[int]):
    def __init__(self, tag: str, members: Any) -> None:
        set.__init__(self, members)
        self.tag = tag


class Queue(collections.deque[int]):
    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag: str = tag


@dataclasses.dataclass(frozen=True)
class Pair:
    left: int
    right: int
    both: int = dataclasses.field(init=False, default=0)


class Optional:
    def __init__(self, needed: int, extra: int = 1) -> None:
        self.needed = needed
        self.made = extra + 1


def filled() -> Queue:
    made = Queue("t")
    made.extend([1, 2])
    return made


@pytest.mark.parametrize(
    "obj",
    [
        Named("a"),
        LimitError("m", model=2),
        Members("t", [1, 2]),
        filled(),
        Pair(1, 2),
        Optional(3, 4),
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_it_rebuilds_what_it_was_written_for(obj: Any) -> None:
    space: dict[str, Any] = {}
    exec(written_reduce(type(obj)), space)
    kind = type(obj)
    copyreg.pickle(kind, space["__reduce__"])
    try:
        back = pickle.loads(pickle.dumps(obj))
    finally:
        del copyreg.dispatch_table[kind]

    assert (type(back), getattr(back, "__dict__", None)) == (kind, getattr(obj, "__dict__", None))
    if isinstance(obj, (set, collections.deque, Pair)):
        assert back == obj


class ToldError(Exception):
    def __init__(self, unit: str, value: int) -> None:
        super().__init__(f"{value} {unit}")


class Changed:
    def __init__(self, number: int) -> None:
        number = number + 1
        self.number = number


class Many:
    def __init__(self, *parts: int) -> None:
        self.parts = parts


class Slotted:
    __slots__ = ("kept", "other")

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.other = 0


class Filled(set[int]):
    def __init__(self, tag: str) -> None:
        self.tag = tag


@pytest.mark.parametrize("kind", [ToldError, Changed, Many, Slotted, Filled, object, list])
def test_nothing_is_written_where_an_argument_or_a_content_would_be_lost(kind: type) -> None:
    assert written_reduce(kind) == ""
