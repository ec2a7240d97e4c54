"""Every kind of change: what was sent, the same again, and with one thing changed."""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import pathlib
import re
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from unit.equivalence.samples import Color, Node, Point

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONTAINERS", "SHARING", "VALUES", "Mutation", "do", "either"]


class Mutation(NamedTuple):
    """A change of one thing.

    Attributes:
        name: what Hypothesis shows.
        make: makes the object; called with `False` for what is sent and for its faithful copy.
        place: what the path of the difference ends with, behind the object itself.
    """

    name: str
    make: Callable[[bool], object]
    place: str = ""


class Big(enum.IntEnum):
    """A member that is equal to a number."""

    N = 1000003


class Flags(enum.Flag):
    """Members that are made when they are needed."""

    A = 1
    B = 2
    C = 4


NOON = dt.datetime(2020, 1, 1, 12, tzinfo=dt.timezone.utc)
PARIS, ROME = zoneinfo.ZoneInfo("Europe/Paris"), zoneinfo.ZoneInfo("Europe/Rome")
LONG = "long " * 40


def either(one: object, other: object) -> Callable[[bool], object]:
    return lambda is_changed: other if is_changed else one


def do(make: Callable[[], Any], change: Callable[[Any], object]) -> Callable[[bool], object]:
    """Change a fresh object in place."""

    def made(is_changed: bool) -> object:
        obj = make()
        if is_changed:
            change(obj)
        return obj

    return made


VALUES = [
    Mutation("int, float", either(1000003, 1000003.0)),
    Mutation("float, int", either(2.0**70, 2**70)),
    Mutation("int", either(10**30, 10**30 + 1)),
    Mutation("enum, its number", either(Big.N, 1000003)),
    Mutation("number, its enum", either(int("1000003"), Big.N)),
    Mutation("member", either(Color.RED, Color.BLUE)),
    Mutation("flags", either(Flags.A | Flags.B, Flags.A | Flags.C)),
    Mutation("text", either("tex", "tey")),
    Mutation("long text", either(LONG + "a", LONG + "b")),
    Mutation("bytes", either(LONG.encode() + b"a", LONG.encode() + b"b")),
    Mutation("text, bytes", either("tex", b"tex")),
    Mutation("NaN", either(float("nan"), 1000003.25)),
    Mutation("complex", either(complex(1, float("nan")), complex(2, float("nan")))),
    Mutation("something, nothing", either("tex", ...)),
    Mutation("decimal", either(decimal.Decimal("1000003.5"), decimal.Decimal("1000003.50"))),
    Mutation("fraction", either(fractions.Fraction(1, 7), fractions.Fraction(2, 7))),
    Mutation("date", either(NOON.date(), dt.date(2020, 1, 2))),
    Mutation("duration", either(dt.timedelta(1), dt.timedelta(2))),
    Mutation("offset", either(dt.timezone(dt.timedelta(0, 60)), dt.timezone(dt.timedelta(0, 120)))),
    Mutation("name of a zone", either(NOON.tzinfo, dt.timezone(dt.timedelta(), "Z"))),
    Mutation("hour", either(NOON, NOON.replace(hour=1))),
    Mutation("one instant", either(NOON, NOON.replace(tzinfo=PARIS, hour=13))),
    Mutation("zone", either(NOON.replace(tzinfo=ROME), NOON.replace(tzinfo=PARIS)), ".tzinfo.key"),
    Mutation("other kind of zone", either(NOON, NOON.replace(tzinfo=PARIS)), ".tzinfo"),
    Mutation("no zone", either(NOON, NOON.replace(tzinfo=None)), ".tzinfo"),
    Mutation("fold", either(NOON.time(), NOON.time().replace(fold=1)), ".fold"),
    Mutation("range", either(range(3), range(4))),
    Mutation("slice", either(slice(1, 2), slice(1, 3)), ".stop"),
    Mutation("path", either(pathlib.PurePosixPath("a"), pathlib.PurePosixPath("b"))),
    Mutation("uuid", either(uuid.UUID(int=1), uuid.UUID(int=2))),
    Mutation("pattern", either(re.compile("a"), re.compile("a", re.IGNORECASE))),
    Mutation("class", either(fractions.Fraction, decimal.Decimal)),
    Mutation("built-in function", either(len, abs)),
    Mutation("generic", either(list[int], list[str]), ".__args__[0]"),
]


def table() -> dict[object, object]:
    return {"a": 1, "b": [2], 3: None}


def ordered() -> Any:
    return collections.OrderedDict([("a", 1), ("b", 2)])


def failed() -> Any:
    error = ValueError("a", [1])
    error.__cause__ = KeyError("k")
    return error


CONTAINERS = [
    Mutation("True, 1", either([True], [1]), "[0]"),
    Mutation("1, True", either([0, 1], [0, True]), "[1]"),
    Mutation("one more", do(lambda: [1], lambda it: it.append(2))),
    Mutation("one less", do(lambda: list(range(20)), lambda it: it.pop())),
    Mutation("tuple", either((1, 2), (1, 2, 3))),
    Mutation("list, tuple", either([1], (1,))),
    Mutation("new key", do(table, lambda it: it.update(c=1)), "['c']"),
    Mutation("new key of any kind", do(table, lambda it: it.update({2.5: 1})), "[2.5]"),
    Mutation("lost key", do(table, lambda it: it.pop("b")), "['b']"),
    Mutation("element of a set", either({1, 2}, {1, 3})),
    Mutation("one more in a set", either(frozenset({1, "a"}), frozenset({1, "a", 2.5}))),
    Mutation("set, frozenset", either({1}, frozenset({1}))),
    Mutation("order", do(ordered, lambda it: it.move_to_end("a"))),
    Mutation(
        "factory",
        do(lambda: collections.defaultdict(list), lambda it: setattr(it, "default_factory", set)),
        ".default_factory",
    ),
    Mutation("longest", either(collections.deque([1], 3), collections.deque([1], None)), ".maxlen"),
    Mutation("byte", do(lambda: bytearray(b"abc"), lambda it: it.__setitem__(1, 7))),
    Mutation(
        "number", do(lambda: array.array("d", [1, 2]), lambda it: it.__setitem__(1, 5)), "[1]"
    ),
    Mutation("argument", do(failed, lambda it: setattr(it, "args", ("a", [2]))), ".args[1][0]"),
    Mutation(
        "cause", do(failed, lambda it: setattr(it.__cause__, "args", ("l",))), ".__cause__.args[0]"
    ),
    Mutation("no cause", do(failed, lambda it: setattr(it, "__cause__", None)), ".__cause__"),
    Mutation("note", do(failed, lambda it: setattr(it, "hint", 1)), ".hint"),
    Mutation("new attribute", do(Node, lambda it: setattr(it, "new", 1)), ".new"),
    Mutation("lost attribute", do(lambda: Node(a=1), lambda it: delattr(it, "a")), ".a"),
    Mutation("lost field", do(lambda: Point(1), lambda it: delattr(it, "y")), ".y"),
]


# Who is the same object as whom.


def twice(one: object, other: object) -> object:
    return {"one": one, "other": (other,)}


def around(first: Any, second: Any) -> Any:
    first.me = second
    second.me = second
    return first


def as_one(make: Callable[[], Any]) -> Any:
    one = make()
    return twice(one, one)


def in_a_circle() -> Any:
    one = Node()
    return around(one, one)


SHARING = [
    Mutation(
        f"{name} {'joined' if is_joined else 'split'}",
        functools.partial(
            lambda is_joined, make, it: as_one(make) if it is is_joined else twice(make(), make()),
            is_joined,
            make,
        ),
        "['other'][0]",
    )
    for is_joined in (True, False)
    for name, make in {
        "list": list,
        "dict": dict,
        "set": set,
        "bytearray": bytearray,
        "instance": Node,
        "deep": lambda: [Node(x={"a": {1, 2.5}})],
        "deque": collections.deque,
        "OrderedDict": collections.OrderedDict,
        "dataclass": lambda: Point(1),
        "exception": ValueError,
    }.items()
]
SHARING += [
    Mutation("circle", lambda it: around(Node(), Node()) if it else in_a_circle(), ".me"),
    Mutation("no circle", lambda it: in_a_circle() if it else around(Node(), Node()), ".me"),
]
