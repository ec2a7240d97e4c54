from __future__ import annotations

import ast
import collections
import copy
import dataclasses
import datetime as dt
import enum
import fractions
import json
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable.agent.in_target import portrait
from pytest_portable.agent.in_target.portrait import MAX_NODES, draw, held_names, portrait_of
from pytest_portable.equivalence import compare
from pytest_portable.equivalence.portrait_nodes import read_portrait
from pytest_portable.equivalence.portraits import (
    compare_portraits,
    hold_against,
    unmet,
)


@dataclass(unsafe_hash=True)
class Point:
    x: object
    y: object = 0


HERE = __name__.partition(".")[0]


class Colour(enum.Enum):
    RED = 1


def differences(one: object, two: object, **words: float) -> list[tuple[str, str, str]]:
    found = compare_portraits(draw(one), draw(two), **words)  # type: ignore[arg-type]
    return [(item.path, item.then, item.now) for item in found]


class Named(NamedTuple):
    x: object
    y: object


class Shelf(set[int]):
    pass


class Tupled:
    def __init__(self, held: object) -> None:
        self.held = held

    def __getstate__(self) -> object:
        return (self.held,) if not isinstance(self.held, list) else self.held


class Slots:
    __slots__ = ("a",)

    def __init__(self, a: object) -> None:
        self.a = a


VALUES: list[Any] = [
    {"a": [1, 2.0, None, True], "b": {1, 2, (3, "x")}, "c": b"x" * 900},
    Point([1], {"k": Point(2)}),
    Slots([1]),
    collections.OrderedDict(a=1),
    collections.defaultdict(list, {"a": [1]}),
    collections.deque([1, 2], 5),
    dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc),
    fractions.Fraction(1, 3),
    pathlib.PurePosixPath("/a/b"),
    Colour.RED,
    np.arange(200).reshape(20, 10),
    np.float32(1.5),
    np.random.default_rng(7),
    np.random.RandomState(7),
    np.random.PCG64(7),
    np.array([{"a": 1}, None], dtype=object),
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    pd.Series([1.0, 2.0]),
    Point,
    len,
    os,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_copy_has_the_same_portrait_and_json_keeps_it(value: Any) -> None:
    nodes = draw(copy.deepcopy(value) if value is not os else value)

    assert compare_portraits(draw(value), nodes) == []
    assert json.loads(json.dumps(nodes)) == [list(node) for node in nodes]
    assert not [node for node in nodes if node[1] == "opaque"]


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([1, 2], [1, 3], ("obj[1]", "2", "3")),
        ([1], [1.0], ("obj[0]", "1", "1.0")),
        ([1], [True], ("obj[0]", "1", "True")),
        ({"a": [1]}, {"a": [2]}, ("obj['a'][0]", "1", "2")),
        ({"a": 1}, {}, ("obj['a']", "1", "nothing")),
        ([1, 2], [1], ("obj", "2 elements", "1 elements")),
        (Point(1), Point(2), ("obj.x", "1", "2")),
        (Slots(1), Slots(2), ("obj.a", "1", "2")),
        ((1,), [1], ("obj", "tuple of 1", "list of 1")),
        ("a" * 999, "a" * 998 + "b", ("obj", "...", "...")),
        (np.zeros(3), np.ones(3), ("obj", "...", "...")),
        (np.zeros(300), np.ones(300), ("obj", "...", "...")),
        (Point, Slots, ("obj", "...", "...")),
    ],
)
def test_a_difference_is_a_path_and_both_sides(
    one: object, two: object, expected: tuple[str, str, str]
) -> None:
    ((path, then, now),) = differences(one, two)

    assert path == expected[0]
    if expected[1] != "...":
        assert (then, now) == expected[1:]


def test_what_a_later_release_added_is_new() -> None:
    old, new = Point(1), Point(1)
    new.z = 3  # type: ignore[attr-defined]

    (added,) = compare_portraits(draw(old), draw(new))
    (lost,) = compare_portraits(draw(new), draw(old))

    assert (added.path, added.is_new) == ("obj.z", True)
    assert (lost.path, lost.is_new) == ("obj.z", False)


def test_tolerance_is_for_floating_point_numbers_only() -> None:
    assert differences([1.0], [1.0 + 1e-9])
    assert not differences([1.0], [1.0 + 1e-9], rtol=1e-6)
    assert not differences(np.array([1.0]), np.array([1.0 + 1e-9]), rtol=1e-6)
    assert not differences([1j], [(1 + 1e-9) * 1j], rtol=1e-6)
    assert differences([1000], [1001], rtol=0.1)
    assert differences(np.array([1000]), np.array([1001]), rtol=0.1)


def test_negative_zero_is_told_apart_when_asked() -> None:
    pairs: list[tuple[object, object]] = [
        (0.0, -0.0),
        (complex(1, 0.0), complex(1, -0.0)),
        (np.array([1, 0.0]), np.array([1, -0.0])),
        (np.float32(0), np.float32(-0.0)),
    ]
    for one, other in pairs:
        assert not differences(one, other)
        assert differences(one, other, signed_zero=True, atol=1.0)
        assert not differences(one, one, signed_zero=True)


def test_cycles_sharing_and_depth_are_drawn() -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]

    assert differences(cycle, cycle) == []
    assert differences(deep, deep) == []


def test_what_lies_beyond_the_limit_is_said_not_to_be_compared() -> None:
    many = list(range(MAX_NODES * 2))
    nodes = draw(many)

    found = hold_against(nodes, draw([*many[:-1], -1]))

    assert len(nodes) == MAX_NODES
    assert found.differences == []
    assert len(found.uncompared) == MAX_NODES + 1
    assert found.uncompared[0].path == f"obj[{MAX_NODES - 1}]"


def test_the_order_of_sets_does_not_depend_on_the_process() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import runpy; draw = runpy.run_path(sys.argv[1])['draw']\n"
        "import json\n"
        "print(json.dumps(draw({'a', 'b', 'c', ('d', 1), 2.5, frozenset({'x', 'y'})})))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, portrait.__file__],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }

    assert len(texts) == 1


def test_a_probe_that_raised_is_drawn_as_what_it_raised() -> None:
    ((kind, drawn, text, bases),) = json.loads(portrait_of(IndexError("no"), {}, 1.0, True))

    assert (kind, drawn, text) == ("builtins.IndexError", "raised", "no")
    assert "builtins.LookupError" in bases


def test_a_part_that_neither_side_can_take_apart_is_not_compared() -> None:
    found = hold_against(draw([sys._getframe()]), draw([sys._getframe()]))

    assert draw([sys._getframe()])[1][1] == "opaque"
    assert found.differences == []
    ((path, reason),) = found.uncompared
    assert path == "obj[0]"
    assert "TypeError" in reason


class Refusing(Point):
    """Can be taken apart while it is allowed to."""

    def __reduce__(self) -> Any:
        if self.y is None:
            raise ValueError("not now")
        return super().__reduce__()


def test_a_part_that_only_one_side_can_take_apart_differs() -> None:
    for one, two in ((0, None), (None, 0)):
        (item,) = compare_portraits(draw([Refusing(1, one)]), draw([Refusing(1, two)]))

        assert (item.path, item.is_unread) == ("obj[0]", True)
        assert "ValueError: not now" in item.reason


def test_time_that_runs_out_is_no_equality() -> None:
    found = hold_against(draw([1, 2], end=0.0), draw([1, 3]))

    assert found.differences == []
    assert found.uncompared == [("obj", "no time was left")]


class Forgetful:
    """Sends nothing of what it holds."""

    def __init__(self, **held: object) -> None:
        self.__dict__.update(held)

    def __getstate__(self) -> dict[str, object]:
        return {}


def lost(one: object, two: object) -> list[tuple[str, bool]]:
    nodes = draw(one)
    found = compare_portraits(nodes, draw(two, held_names(nodes)))
    return [(item.path, item.is_minor) for item in found]


def test_an_attribute_that_can_no_longer_be_read_is_lost_whatever_travels() -> None:
    assert lost([Forgetful(url=1)], [Forgetful()]) == [("obj[0].url", False)]
    assert lost([Forgetful(_cache=1)], [Forgetful()]) == [("obj[0]._cache", True)]
    assert lost(Slots(1), Slots.__new__(Slots)) == [("obj.a", False)]
    fitted, empty = Forgetful(coef_=1), Forgetful()
    assert lost([fitted, empty], [fitted, empty]) == []
    # Made anew, or given by the class: it can be read.
    assert lost(Forgetful(url=1), Forgetful(url=2)) == []
    assert lost(Defaulting(unit="kg"), Defaulting()) == []
    assert lost(Slots.__new__(Slots), Slots.__new__(Slots)) == []


class Defaulting(Forgetful):
    unit = "kg"


def renamed(kind: Any, values: dict[str, object]) -> Any:
    made = kind.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def of_two_releases(make: Any) -> tuple[Any, Any]:
    """Give an object of a class and what a later class of the same name loads of it."""
    old, new = make("Cfg", "lr"), make("Cfg", "rate")
    return renamed(old, {"lr": 0.5}), renamed(new, {"lr": 0.5})


def by_dataclass(name: str, field: str) -> Any:
    return dataclasses.make_dataclass(name, [(field, float)], namespace={"__module__": "m"})


def by_attrs(name: str, field: str) -> Any:
    return attrs.make_class(name, [field], slots=False)


def by_pydantic(name: str, field: str) -> Any:
    kind = type(name, (), {"__module__": "m"})
    kind.__fields__ = {field: None}  # type: ignore[attr-defined]
    return kind


@pytest.mark.parametrize("make", [by_dataclass, by_attrs, by_pydantic])
def test_a_field_that_the_readers_class_declares_and_the_object_lacks_differs(make: Any) -> None:
    kept, loaded = of_two_releases(make)

    (item,) = compare_portraits(draw(kept), draw(loaded, held_names(draw(kept))))

    assert item.path == "obj.rate"
    assert "(it has lr)" in item.reason
    assert compare_portraits(draw(kept), draw(kept)) == []


def test_what_todays_object_has_a_kept_one_has_to_give() -> None:
    today, kept = Forgetful(rate=1, _made=2), Forgetful(lr=1)
    nodes = draw([today])

    found = [item.path for item in unmet(nodes, draw([kept], held_names(nodes)))]

    assert found == ["obj[0].rate"]
    assert list(unmet(nodes, draw([today], held_names(nodes)))) == []


@pytest.mark.parametrize(
    ("one", "two", "path"),
    [
        ({(1, 2): "a", (3, 4): "b"}, {(1, 2): "a", (3, 4): "c"}, "obj[(3, 4)]"),
        ({Point(1): 0, Point(2): 1}, {Point(1): 0, Point(2): 2}, f"obj[{HERE}.Point(x=2, y=0)]"),
        ({1, 2}, {1, 3}, "obj"),
        ({(1, "a")}, {(1, "b")}, "obj"),
        (np.array([{"a": 1}], object), np.array([{"a": 2}], object), "obj.ravel()[0]['a']"),
        (np.ma.array([1], mask=[True]), np.ma.array([1], mask=[False]), "obj"),
        (pd.Series([1], name="a"), pd.Series([1], name="b"), "obj.name"),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]}), "obj['a'].to_list()[1]"),
        (re.compile("a"), re.compile("b"), "obj"),
        (Named(1, [2]), Named(1, [3]), "obj.y[0]"),
        (Shelf([1]), Shelf([2]), "obj"),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 2), "obj"),
        (Tupled([1]), Tupled([2]), "obj.__getstate__()[0]"),
        ([].append, [1].append, "obj"),
    ],
)  # fmt: skip
def test_no_part_hides_behind_a_name_that_others_have(one: Any, two: Any, path: str) -> None:
    assert [item[0] for item in differences(one, two)] == [path]
    assert differences(one, one) == []


def test_what_a_closure_holds_is_compared() -> None:
    def make(held: object, default: object = 0) -> Any:
        return lambda x=default: (held, x)

    assert [item[0] for item in differences(make(1, 3), make(2, 4))] == [
        "obj.__defaults__[0]",
        "obj.__closure__[0].cell_contents",
    ]
    assert differences(make(1), make(1)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "{}", "3", "[[]]", '[["a", "list"]]', '[["a", "?", 1]]', '[["a", {}, 1]]'),
        *('[["a", "=", 1]]', '[["a", "list", [1]]]', '[["a", "list", [-2]]]', '[["a", "set", 0]]'),
        *('[["a", "map", [[0]]]]', '[["a", "map", [[0, true]]]]', '[["a", "name", "b", [7]]]'),
        '[["a", "object", "b", [], [[1, 0]], [], []]]',
        '[["a", "object", "b", [], [], [], [], 1, [], []]]',
        '[["a", "opaque", "b", [["c", 3]]]]',
        '[["a", "array", "<i8", ["1"], "c", null]]',
        "[" * 100_000,
    ],
)
def test_what_no_agent_of_ours_draws_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="portrait"):
        read_portrait(text)


def test_numbers_that_no_agent_of_ours_draws_differ() -> None:
    """Their texts and their count are a stranger's."""
    honest, number = draw(2.5), "x"
    array = draw(np.array([1.0, 2.0]))
    fewer = [[*array[0][:5], array[0][5][:1]]]

    assert compare_portraits(honest, [["builtins.float", "=", number]], rtol=0.1)
    assert compare_portraits(array, fewer, rtol=0.1)


def test_long_keys_are_compared() -> None:
    long = "x" * 3000

    assert not differences({long: 1, (long,): 2}, {(long,): 2, long: 1})
    assert differences({long: 1}, {long + "y": 1})
    assert not differences({tuple(range(5000)): 1}, {tuple(range(5000)): 1})


def key_of_many_ways(last: str) -> list[list[Any]]:
    """A portrait of a dict whose key holds one part 300 times, which holds the next as often."""
    held = [["builtins.tuple", "list", [number + 1] * 300] for number in range(2, 7)]
    names = ["builtins.int", "=", last]
    return [["builtins.dict", "map", [[2, 1]]], ["builtins.int", "=", "1"], *held, names]


def test_keys_that_hold_each_other_many_times_are_written_once() -> None:
    """Written as often as there are ways to them, they would have 300^5 words."""
    assert compare_portraits(key_of_many_ways("1"), key_of_many_ways("1")) == []
    assert compare_portraits(key_of_many_ways("1"), key_of_many_ways("2"))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
KEYS = st.integers(0, 3) | st.text(max_size=1) | st.tuples(st.integers(0, 3), st.booleans())
VALUES_OF_ALL_KINDS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.builds(Point, inner, inner)
        | st.builds(Named, inner, inner)
        | st.frozensets(KEYS, max_size=3)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(VALUES_OF_ALL_KINDS, VALUES_OF_ALL_KINDS)
def test_any_change_of_plain_data_is_found(one: object, two: object) -> None:
    found = hold_against(draw(one), draw(two))

    assert compare_portraits(draw(one), draw(copy.deepcopy(one))) == []
    assert bool(found.differences) == bool(compare(one, two, sharing=False))
    assert not found.uncompared


def test_it_runs_in_the_oldest_target() -> None:
    ast.parse(pathlib.Path(portrait.__file__).read_text("utf-8"), feature_version=(3, 8))
