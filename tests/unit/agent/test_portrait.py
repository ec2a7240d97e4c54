from __future__ import annotations

import ast
import collections
import datetime as dt
import enum
import fractions
import json
import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_portable.agent.in_target import portrait
from pytest_portable.agent.in_target.portrait import MAX_NODES, draw, portray
from pytest_portable.equivalence.portraits import compare_portraits


@dataclass
class Point:
    x: object
    y: object = 0


class Colour(enum.Enum):
    RED = 1


def differences(one: object, two: object, **words: float) -> list[tuple[str, str, str]]:
    found = compare_portraits(draw(one), draw(two), **words)  # type: ignore[arg-type]
    return [(item.path, item.then, item.now) for item in found]


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
    import copy

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


def test_the_limit_cuts_and_what_is_cut_does_not_differ() -> None:
    many = list(range(MAX_NODES * 2))
    nodes = draw(many)

    assert len(nodes) == MAX_NODES
    assert compare_portraits(nodes, draw([*many[:-1], -1])) == []


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


def test_the_probe_sees_the_object_after_it_was_drawn() -> None:
    probe = {"label": "probe", "mode": "expression", "source": "obj.append(k)", "name": ""}
    found = json.loads(portray([1], [probe], {"k": 2}))

    assert found["object"][0][2] == [1]
    assert found["probe"][0][2] == "None"

    raised = json.loads(portray([1], [{**probe, "source": "obj[5]"}]))
    assert raised["probe"] == [["builtins.IndexError", "raised", "list index out of range"]]


def test_a_part_that_cannot_be_reduced_is_opaque() -> None:
    nodes = draw([sys._getframe()])

    assert nodes[1][1] == "opaque"
    assert compare_portraits(nodes, draw([sys._getframe()])) == []


def test_it_runs_in_the_oldest_target() -> None:
    ast.parse(pathlib.Path(portrait.__file__).read_text("utf-8"), feature_version=(3, 8))
