from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import io
import itertools
import operator
import random
import re
import threading
import types
import uuid
import weakref
import zoneinfo
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.equivalence import compare

if TYPE_CHECKING:
    from collections.abc import Iterator
from unit.equivalence.samples import (
    Color,
    Money,
    Node,
    Pair,
    Point,
    Row,
    Slotted,
    changes,
    paths,
    trip,
)


class Words(list[str]):
    def __iter__(self) -> Any:
        raise RuntimeError


class Defaults(dict[str, int]):
    def __missing__(self, key: str) -> int:
        return 0

    def __getitem__(self, key: str) -> int:
        raise RuntimeError


class Text(str):
    __slots__ = ("mark",)


class Stated(Node):
    def __getstate__(self) -> object:
        return {"kept": self.kept, "made": [self.kept]}  # type: ignore[attr-defined]


class Listed(Node):
    def __getstate__(self) -> object:
        return [self.kept]  # type: ignore[attr-defined]


class Selling(Node):
    """Leaves the price at home, which its author compares."""

    def __getstate__(self) -> object:
        return {"name": self.name}  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selling) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class Refusing(Node):
    def __reduce__(self) -> str:
        raise TypeError


class Named(Node):
    def __reduce__(self) -> str:
        return "named"


class OtherName(Named):
    def __reduce__(self) -> str:
        return self.name  # type: ignore[attr-defined, no-any-return]


def made_member() -> enum.Enum:
    return next(iter(enum.Enum("Made", "ONE")))  # type: ignore[call-overload, no-any-return]


def iter_nothing() -> Iterator[int]:
    yield from ()


def marked(text: str, mark: object) -> Text:
    made = Text(text)
    made.mark = mark  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(Node(a=[1]), Node(a=[2]), ["obj.a[0]"], id="attribute"),
        pytest.param(Node(a=1), Node(b=1), ["obj.a", "obj.b"], id="other attribute"),
        pytest.param(Point(1), Point(True), ["obj.x"], id="dataclass strictly by type"),
        pytest.param(Point(float("nan")), Point(float("nan")), [], id="NaN in a dataclass"),
        pytest.param(Money([1]), Money([2]), ["obj.amount[0]"], id="frozen dataclass"),
        pytest.param(Slotted(1, 2), Slotted(1, 3), ["obj._Slotted__hidden"], id="slot"),
        pytest.param(Row("a", 1), Row("a", 2), ["obj.value"], id="named tuple"),
        pytest.param(Row("a", 1), ("a", 1), ["obj"], id="a named tuple is not a tuple"),
        pytest.param(Words("ab"), Words("ac"), ["obj[1]"], id="list subclass"),
        pytest.param(Defaults(a=1), Defaults(a=2), ["obj['a']"], id="dict subclass"),
        pytest.param(marked("a", 1), marked("b", 1), ["obj"], id="str subclass"),
        pytest.param(marked("a", 1), marked("a", 2), ["obj.mark"], id="slot of a str subclass"),
        pytest.param(Stated(kept=1), Stated(kept=1, left=2), [], id="state"),
        pytest.param(
            Stated(kept=1),
            Stated(kept=2),
            ["obj.kept", "obj.__getstate__()['made'][0]"],
            id="state with names",
        ),
        pytest.param(Listed(kept=1), Listed(kept=2), ["obj.__getstate__()[0]"], id="other state"),
        pytest.param(
            Selling(name="a", price=1), Selling(name="a"), ["obj.price"], id="left at home"
        ),
        pytest.param(
            Selling(name=[float("nan")]), Selling(name=[float("nan")]), [], id="NaN in a state"
        ),
        pytest.param(Refusing(a=1), Refusing(a=2), ["obj.a"], id="that refuses to reduce"),
        pytest.param(Named(), Named(), ["obj"], id="a global that is not the same"),
        pytest.param(OtherName(name="a"), OtherName(name="b"), ["obj"], id="two globals"),
        pytest.param(Pair("1", [1]), Pair("2", [2]), ["obj.first", "obj.second[0]"], id="reduced"),
        pytest.param(Color.RED, Color.BLUE, ["obj"], id="enum"),
        pytest.param(made_member(), made_member(), ["type(obj)"], id="other enum"),
        pytest.param(iter([1, 2]), iter([1, 3]), ["obj.__reduce_ex__(4)[1][0][1]"], id="iterator"),
        pytest.param(itertools.count(1), itertools.count(1), [], id="itertools"),
        pytest.param(types.SimpleNamespace(a=1), types.SimpleNamespace(a=True), ["obj.a"], id="ns"),
    ],
)
def test_instances(original: object, returned: object, expected: list[str]) -> None:
    assert paths(original, returned) == expected


UTC = dt.timezone.utc
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
NOON = dt.datetime(2020, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(decimal.Decimal("1.0"), decimal.Decimal("1.00"), ["obj"], id="decimal"),
        pytest.param(decimal.Decimal("nan"), decimal.Decimal("nan"), [], id="NaN"),
        pytest.param(NOON, NOON.replace(tzinfo=PARIS), ["obj.tzinfo"], id="time zone"),
        pytest.param(NOON, NOON.replace(fold=1), [], id="fold"),
        pytest.param(NOON, NOON.replace(hour=1), ["obj"], id="hour"),
        pytest.param(NOON.date(), NOON.date().replace(day=2), ["obj"], id="date"),
        pytest.param(slice(1, [2]), slice(1, [3]), ["obj.stop[0]"], id="slice"),
        pytest.param(re.compile("a"), re.compile("a", re.IGNORECASE), ["obj"], id="pattern"),
        pytest.param(uuid.UUID(int=1), uuid.UUID(int=2), ["obj"], id="uuid"),
        pytest.param(operator.itemgetter(1), operator.itemgetter(1), [], id="itemgetter"),
        pytest.param(threading.Lock(), threading.Lock(), [], id="lock"),
        pytest.param(io.StringIO("a"), io.StringIO("b"), ["obj.getvalue()"], id="file in memory"),
        pytest.param(weakref.ref(Node), weakref.ref(Pair), ["obj()"], id="weak reference"),
        pytest.param(
            weakref.WeakValueDictionary(a=Node),
            weakref.WeakValueDictionary(),
            ["obj['a']"],
            id="weak",
        ),
        pytest.param(weakref.WeakSet([Node]), weakref.WeakSet([Node]), [], id="weak set"),
        pytest.param(iter_nothing(), iter_nothing(), [], id="generator"),
        pytest.param(range(3), range(4), ["obj"], id="range"),
    ],
)
def test_the_standard_library(original: object, returned: object, expected: list[str]) -> None:
    assert paths(original, returned) == expected


def test_random_state() -> None:
    original = random.Random(1)
    returned = trip(original)

    assert not compare(original, returned)

    returned.random()

    assert compare(original, returned)


def test_open_files_by_name_and_mode(tmp_path: Any) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with (
        (tmp_path / "a").open() as a,
        (tmp_path / "a").open() as same,
        (tmp_path / "b").open() as b,
    ):
        assert not compare(a, same)
        assert paths(a, b) == ["obj.name"]


class TestExceptions:
    def test_arguments_and_attributes(self) -> None:
        original = ValueError("a", [1])
        original.hint = "b"  # type: ignore[attr-defined]
        returned = trip(original)

        assert not compare(original, returned)

        returned.args = ("a", [2])
        returned.hint = "c"

        assert paths(original, returned) == ["obj.hint", "obj.args[1][0]"]

    def test_the_cause_that_pickle_leaves_behind(self) -> None:
        original = KeyError("k")
        original.__cause__ = ZeroDivisionError("z")

        assert changes(original, trip(original)) == [
            ("obj.__cause__", "type differs: ZeroDivisionError, then NoneType")
        ]
        assert paths([[original]] * 99, [[trip(original)]] * 99) == ["obj[0][0].__cause__"]

    def test_those_with_facts_of_their_own(self) -> None:
        assert not compare(FileNotFoundError(2, "no", "a"), trip(FileNotFoundError(2, "no", "a")))
        assert paths(OSError(2, "no", "a"), OSError(2, "no", "b")) == ["obj.filename"]
        assert paths(ImportError("no", name="a"), ImportError("no", name="b")) == ["obj.name"]


def test_a_default_factory_keeps_its_dict() -> None:
    original = collections.defaultdict(Node, {"a": Node(x=1)})

    assert not compare(original, trip(original))
