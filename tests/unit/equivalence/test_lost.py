"""Attributes and contents that a reducer leaves out, although both sides reduce to the same."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import pytest

from pytest_portable.agent.in_target.portrait import draw, held_names
from pytest_portable.equivalence import compare
from pytest_portable.equivalence.portraits import compare_portraits


class Kept:
    default = 0

    def __init__(self, **attributes: object) -> None:
        self.a = 1
        self.__dict__.update(attributes)

    def __getstate__(self) -> dict[str, object]:
        return {"a": self.a}


class Equal(Kept):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)

    __hash__ = None  # type: ignore[assignment]


class Asked(Kept):
    def __getattr__(self, name: str) -> int:
        if name == "made":
            return 1
        raise AttributeError(name)


class Cached(Kept):
    @functools.cached_property
    def made(self) -> int:
        return 1


class Slots:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a, self.b = 1, 2

    def __getstate__(self) -> tuple[None, dict[str, int]]:
        return None, {"a": self.a}


class SetsLess:
    def __init__(self) -> None:
        self.a, self.b = 1, 2

    def __setstate__(self, state: dict[str, int]) -> None:
        self.a = state["a"]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SetsLess) and other.a == self.a

    __hash__ = None  # type: ignore[assignment]


def travelled(obj: object) -> Any:
    return pickle.loads(pickle.dumps(obj))


def places(obj: object) -> tuple[list[str], list[str]]:
    """Return the paths of differences and of dropped attributes."""
    found = compare(obj, travelled(obj))
    return [one.path for one in found.items], [one.path for one in found.dropped]


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        (Kept(b=2), "obj.b"),
        (Equal(b=2), "obj.b"),
        (Asked(other=2), "obj.other"),
        ([{"k": Kept(b=2)}], "obj[0]['k'].b"),
        (Slots(), "obj.b"),
        (SetsLess(), "obj.b"),
    ],
)
def test_a_public_attribute_that_is_lost_is_a_difference(obj: object, path: str) -> None:
    assert places(obj) == ([path], [])
    here = draw(obj)
    there = draw(travelled(obj), held_names(here))
    assert [one.path for one in compare_portraits(here, there)] == [path]


def test_a_private_attribute_that_is_lost_is_dropped() -> None:
    assert places([Kept(_b=2)]) == ([], ["obj[0]._b"])
    assert places(Equal(_b=2, _Equal__c=3)) == ([], ["obj._b", "obj._Equal__c"])


@pytest.mark.parametrize(
    "obj", [Kept(), Equal(), Kept(default=5), Asked(made=1), Cached(made=1), Kept(__own__=1)]
)
def test_what_can_still_be_read_by_its_name_is_not_lost(obj: object) -> None:
    assert places(obj) == ([], [])


class Rows(list[int]):
    def __reduce__(self) -> Any:
        return type(self), ([one for one in self if one > 0],)


class Table(dict[str, int]):
    def __reduce__(self) -> Any:
        return type(self), ({key: value for key, value in self.items() if value > 0},)


class Group(set[int]):
    def __reduce__(self) -> Any:
        return type(self), ([one for one in self if one > 0],)


class Row(tuple[int, ...]):
    __slots__ = ()

    def __reduce__(self) -> Any:
        return type(self), (tuple(one for one in self if one > 0),)


class Label(str):
    __slots__ = ()

    def __reduce__(self) -> Any:
        return type(self), (self.strip(),)


class Size(int):
    def __reduce__(self) -> Any:
        return type(self), (abs(int(self)),)


class Raw(bytes):
    def __reduce__(self) -> Any:
        return type(self), (bytes(self).strip(),)


LESS = [
    (Rows([1, -2]), Rows([1, 2])),
    (Table(a=1, b=-2), Table(a=1, b=2)),
    (Group({1, -2}), Group({1, 2})),
    (Row((1, -2)), Row((1, 2))),
    (Label(" a "), Label("a")),
    (Size(-5), Size(5)),
    (Raw(b" a "), Raw(b"a")),
]


@pytest.mark.parametrize("less", [less for less, _ in LESS], ids=lambda one: type(one).__name__)
def test_a_content_that_a_reducer_leaves_out_is_a_difference(less: object) -> None:
    for obj in (less, [less], {"k": less}):
        assert compare(obj, travelled(obj))
        assert compare_portraits(draw(obj), draw(travelled(obj)))


@pytest.mark.parametrize("whole", [whole for _, whole in LESS], ids=lambda one: type(one).__name__)
def test_a_content_that_travels_is_equal(whole: object) -> None:
    for obj in (whole, [whole], {"k": whole}):
        assert not compare(obj, travelled(obj))
        assert not compare_portraits(draw(obj), draw(travelled(obj)))


ELSEWHERE: dict[int, list[int]] = {}


class KeepsElsewhere:
    """What it holds is no attribute, as in classes that are written in C."""

    __slots__ = ()

    def __init__(self, *rows: int) -> None:
        ELSEWHERE[id(self)] = list(rows)

    def __len__(self) -> int:
        return len(ELSEWHERE[id(self)])

    def __reduce__(self) -> Any:
        return type(self), ()


class Travels(KeepsElsewhere):
    __slots__ = ()

    def __reduce__(self) -> Any:
        return type(self), tuple(ELSEWHERE[id(self)])


class Uncountable(KeepsElsewhere):
    __slots__ = ()

    def __len__(self) -> int:
        raise TypeError


class Counts(Kept):
    """Its `len` is that of an attribute, which speaks for itself."""

    def __len__(self) -> int:
        return len(self.__dict__)


def test_elements_that_a_reducer_leaves_out_are_told_where_only_len_sees_them() -> None:
    rows = KeepsElsewhere(1, 2, 3)
    for obj, path in ((rows, "len(obj)"), ([rows], "len(obj[0])"), ({"k": rows}, "len(obj['k'])")):
        assert places(obj) == ([], [path])
    found = compare(rows, travelled(rows)).dropped[0]
    assert (found.original, found.returned) == ("3", "0")
    assert found.reason.endswith("3, then 0")


@pytest.mark.parametrize("obj", [Travels(1, 2), Uncountable(1, 2), KeepsElsewhere()])
def test_elements_that_travel_or_cannot_be_counted_are_not_told(obj: object) -> None:
    assert places([obj]) == ([], [])


def test_elements_that_are_attributes_are_told_once() -> None:
    assert places(Counts(_b=2)) == ([], ["obj._b"])
