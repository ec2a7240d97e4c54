"""Every kind of place that a value can be in: what wraps one value, and how to get at it.

The classes are importable, so that pickle refers to them by name.
"""

from __future__ import annotations

import collections
import copyreg
import dataclasses
import functools
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
import numpy as np
import pandas as pd

from unit.equivalence.samples import Money, Node, Point, Row, Slotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["HASHED", "PLACES", "Place"]


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen dataclass with slots has a state of its own."""

    one: object
    inner: object


@dataclasses.dataclass(eq=False)
class Mixed(Node):
    """Fields beside other attributes."""

    inner: object


class Both(Slotted):
    """Slots of a base beside a dict."""


Defined = attrs.make_class("Defined", ["inner", "other"], slots=True)
Still = attrs.make_class("Still", ["inner"], frozen=True)


class Words(list[object]):
    """A list with attributes."""


class Text(str):
    """A text with attributes."""

    __slots__ = ("inner",)
    inner: object


class Kept(Node):
    """Its state is not its attributes."""

    def __getstate__(self) -> dict[str, object]:
        return {"made": [self.inner], "inner": 1}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.inner = state["made"][0]


class Listed(Node):
    """Its state is no dict."""

    def __getstate__(self) -> tuple[object, ...]:
        return 1, self.inner, 3

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.inner = state[1]


class Arguments:
    """Comes back through its constructor, which takes what no attribute holds."""

    def __init__(self, *given: object) -> None:
        self.hidden = list(given)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(self.hidden)


class Named(Node):
    """Comes back through its constructor, which takes an attribute."""

    def __reduce_ex__(self, _: object) -> tuple[object, ...]:
        return type(self)._make, (self.inner,)  # type: ignore[attr-defined]

    @classmethod
    def _make(cls, inner: object) -> Named:
        return cls(inner=inner)


class Parts:
    """Comes back with elements, items and a state, as a container of one's own does."""

    def __init__(self) -> None:
        self.rows: list[object] = []
        self.named: dict[object, object] = {}
        self.state: object = None

    def append(self, value: object) -> None:
        self.rows.append(value)

    def extend(self, values: Iterator[object]) -> None:
        self.rows.extend(values)

    def __setitem__(self, key: object, value: object) -> None:
        self.named[key] = value

    def __getitem__(self, key: Any) -> object:
        return self.named[key] if isinstance(key, str) else self.rows[key]

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (), self.state, iter(self.rows), iter(self.named.items())


class New:
    """Comes back with arguments for `__new__`."""

    def __new__(cls, inner: object, *, name: object = None) -> New:  # noqa: PYI034 - `Self` is newer than Python 3.10
        made = super().__new__(cls)
        made.hidden = inner, name  # type: ignore[attr-defined]
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        return (self.hidden[0],), {"name": self.hidden[1]}  # type: ignore[attr-defined]

    def __getstate__(self) -> None:
        return None


class Registered:
    """Comes back as `copyreg` was told."""

    def __init__(self, inner: object) -> None:
        self.inner = inner


copyreg.pickle(Registered, lambda one: (Registered, (one.inner,)))


class FailedError(Exception):
    """An exception with an attribute."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.hint: object = None


def _failed(inner: object, one: object) -> FailedError:
    made = FailedError(one)
    made.hint = inner
    return made


def _parts(inner: object, one: object, where: str) -> Parts:
    made = Parts()
    made.rows = [one, inner if where == "rows" else one]
    made.named = {"a": one, "b": inner if where == "items" else one}
    made.state = {"x": [one], "y": inner} if where == "state" else None
    return made


def _texts(inner: object, one: object) -> Text:
    made = Text("text")
    made.inner = [one, inner]
    return made


def _with(made: Any, inner: object) -> Any:
    made.inner = inner
    return made


def _cyclic(inner: object, one: object) -> Node:
    made = Node(one=one, inner=inner)
    made.around = (made, {"me": made})  # type: ignore[attr-defined]
    return made


def _objects(inner: object, one: object) -> Any:
    made = np.empty((2, 2), dtype=object)
    made[0, 1], made[1, 0] = one, inner
    return made


def _record(inner: object, one: object) -> Any:
    made = np.zeros(3, [("n", "i8"), ("o", object)])
    made["o"][0], made["o"][2] = one, inner
    return made


def _series(inner: object, one: object) -> Any:
    return pd.Series([None, inner, one], index=list("abc"), dtype=object)


class Place(NamedTuple):
    """One way to wrap a value.

    Attributes:
        name: what Hypothesis shows.
        wrap: makes the owner of a value and one or two others that are like it.
        is_hashable: whether the owner can be hashed; `None` where that depends on its parts.
    """

    name: str
    wrap: Callable[[Any, Any, Any], object]
    is_hashable: bool | None = False


OD = collections.OrderedDict
PLACES = [
    Place("list", lambda it, one, other: [one, it, other]),
    Place("long list", lambda it, one, _: [*range(30), one, it]),
    Place("very long list", lambda it, one, other: [*([one] * 600), it, other]),
    Place("tuple", lambda it, one, other: (one, other, it), None),
    Place("named tuple", lambda it, one, _: Row(one, it), None),
    Place("shared", lambda it, one, _: [box := [it], one, box]),
    Place("text keys", lambda it, one, other: {"a": one, "b": it, "c": other}),
    Place("int keys", lambda it, one, _: {1: one, -2: it}),
    Place("mixed keys", lambda it, one, other: {"a": one, None: it, 2.5: other}),
    Place("tuple keys", lambda it, one, other: {(1, "x"): one, (1, b"y"): it, (): other}),
    Place("unspelled keys", lambda it, one, _: {Money(1): one, frozenset({2}): it}),
    Place("OrderedDict", lambda it, one, _: OD(a=one, b=it)),
    Place("its attribute", lambda it, one, _: _with(OD(a=one), it)),
    Place("defaultdict", lambda it, one, _: collections.defaultdict(list, {"a": one, 2: it})),
    Place("Counter", lambda it, one, _: collections.Counter({"a": one, "b": it})),
    Place("ChainMap", lambda it, one, _: collections.ChainMap({"a": one}, {"b": it})),
    Place("UserDict", lambda it, one, _: collections.UserDict({"a": one, "b": it})),
    Place("UserList", lambda it, one, _: collections.UserList([one, it])),
    Place("deque", lambda it, one, _: collections.deque([one, it], 5)),
    Place("list subclass", lambda it, one, _: Words([one, it])),
    Place("its attribute", lambda it, one, _: _with(Words([one]), it)),
    Place("text subclass", lambda it, one, _: _texts(it, one), True),
    Place("attribute", lambda it, one, _: Node(one=one, inner=it), True),
    Place("other name", lambda it, one, _: Node(**{"no name": it, "class": one}), True),
    Place("in a cycle", lambda it, one, _: _cyclic(it, one), True),
    Place("slot", lambda it, one, _: Slotted(one, it), True),
    Place("slot and dict", lambda it, one, _: _with(Both(one, one), it), True),
    Place("namespace", lambda it, one, _: types.SimpleNamespace(one=one, inner=it)),
    Place("dataclass", lambda it, one, _: Point(one, it)),
    Place("frozen dataclass", lambda it, _, __: Money(it), None),
    Place("with slots", lambda it, one, _: Frozen(one, it), None),
    Place("more than its fields", lambda it, one, _: _with(Mixed(one), {"it": it})),
    Place("attrs", lambda it, one, _: Defined(it, one)),
    Place("frozen attrs", lambda it, _, __: Still(it), None),
    Place("state", lambda it, _, __: Kept(inner=it), True),
    Place("state in a row", lambda it, _, __: Listed(inner=it), True),
    Place("constructor", lambda it, one, _: Arguments(one, it), True),
    Place("constructor by attribute", lambda it, _, __: Named(inner=it), True),
    Place("new", lambda it, one, _: New(one, name=it), True),
    Place("copyreg", lambda it, _, __: Registered(it), True),
    Place("reduced elements", lambda it, one, _: _parts(it, one, "rows"), True),
    Place("reduced items", lambda it, one, _: _parts(it, one, "items"), True),
    Place("reduced state", lambda it, one, _: _parts(it, one, "state"), True),
    Place("argument of an exception", lambda it, one, _: ValueError(one, it), True),
    Place("attribute of an exception", lambda it, one, _: _failed(it, one), True),
    Place("file of an exception", lambda it, one, _: OSError(2, one, [it]), True),
    Place("partial", lambda it, one, _: functools.partial(dict, one, it), True),
    Place("partial by name", lambda it, one, _: functools.partial(dict, a=one, b=it), True),
    Place("bound method", lambda it, _, __: Node.__init__.__get__(Node(inner=it)), True),
    Place("array of objects", lambda it, one, _: _objects(it, one)),
    Place("field of objects", lambda it, one, _: _record(it, one)),
    Place("no dimension", lambda it, one, _: [np.array(None), _only(it), one]),
    Place("series", lambda it, one, _: _series(it, one)),
]


def _only(inner: object) -> Any:
    made = np.empty((), dtype=object)
    made[()] = inner
    return made


HASHED = [
    Place("set", lambda it, one, other: {one, it, other}),
    Place("frozenset", lambda it, one, other: frozenset([one, other, it]), True),
    Place("big set", lambda it, one, _: {*range(20), one, it}),
    Place("key", lambda it, one, other: {one: 1, it: other}),
    Place("key of a text dict", lambda it, one, other: {"a": one, it: [other]}),
    Place("key of an OrderedDict", lambda it, one, other: OD([(1, one), (it, other)])),
    Place("key of a Counter", lambda it, one, _: collections.Counter({one: 2, it: 3})),
]
"""Places that only what has a hash can be in."""
