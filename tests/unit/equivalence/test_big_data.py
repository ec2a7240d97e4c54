"""The short cut for big data says yes only where the walk would."""

from __future__ import annotations

import datetime as dt
import fractions
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_portable.equivalence import compare
from pytest_portable.equivalence.memory import CHUNK_BYTES, are_same
from pytest_portable.equivalence.plain import same_but_for_holes
from unit.equivalence.places import Defined, Kept, Still
from unit.equivalence.samples import (
    Color,
    Money,
    Node,
    Pair,
    Remembered,
    Row,
    Slotted,
    paths,
    trip,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def is_short(obj: Any, returned: Any = None) -> bool:
    other = trip(obj) if returned is None else returned
    holes = same_but_for_holes(obj, other, builtin_only=False)
    return holes is not None and not holes.pairs


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param([[i, str(i)] for i in range(99)], id="lists"),
        pytest.param({(i, str(i)): i for i in range(99)}, id="dict"),
        pytest.param([Node(x=i) for i in range(99)], id="instances"),
        pytest.param([Slotted(i, i) for i in range(99)], id="slots"),
        pytest.param([np.arange(3), np.float32(1), dt.date(2020, 1, 1)], id="arrays"),
        pytest.param([len, Node], id="globals"),
        pytest.param([Row(i, str(i)) for i in range(99)], id="named tuples"),
        pytest.param({Money(i) for i in range(99)}, id="generated hash"),
        pytest.param([Kept(inner=1), Defined(1, 2), Still(1)], id="a state of its own"),
        pytest.param([ValueError(1), OSError(2, "a", "b")], id="exceptions"),
        pytest.param([Color.RED], id="members that are the same"),
        pytest.param([fractions.Fraction(1, 3), pathlib.PurePosixPath("a")], id="values"),
    ],
)
def test_it_takes_what_is_plain(obj: Any) -> None:
    assert is_short(obj)


def caused(*args: object) -> ValueError:
    error = ValueError(*args)
    error.__cause__ = KeyError("k")
    return error


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param(lambda: [Node()], id="perhaps a sentinel"),
        pytest.param(lambda: [Remembered("a")], id="its own hash"),
        pytest.param(lambda: [Pair(1, 2)], id="its own equality and reduce"),
        pytest.param(lambda: [caused()], id="exception with a cause"),
        pytest.param(lambda: [np.arange(3).view(np.recarray)], id="array of another class"),
    ],
)
def test_it_leaves_the_rest_to_the_walk(obj: Callable[[], Any]) -> None:
    assert not is_short(obj())


def test_it_sees_every_difference() -> None:
    array = np.arange(1000.0)
    other = array.copy()
    other[3] = -1

    assert not is_short([1, 2], [1, 2, 3])
    assert not is_short([1, 2, 3], [1, 2])
    assert not is_short([1], [True])
    assert not is_short([array], [other])
    assert not is_short([array], [np.array(array)[:-1]])


def test_a_change_in_big_data_is_found() -> None:
    original = {"rows": [{"id": i, "tags": [i]} for i in range(2000)], "more": list(range(5000))}
    returned = trip(original)
    returned["rows"][1999]["tags"][0] = -1
    returned["more"][4999] = -1

    assert paths(original, returned) == ["obj['rows'][1999]['tags'][0]", "obj['more'][4999]"]


class TestHoles:
    """What is left out of the streams is compared by the walk, and tied to what is in them."""

    def make(self, *, shared: bool = True, last: int = 1) -> list[object]:
        inner = Node(x=[last])
        rows: list[object] = [{"id": i, "of": [i]} for i in range(50)]
        return [*rows, inner, caused("a", inner if shared else Node(x=[last])), caused("b", 2)]

    def test_equal(self) -> None:
        assert not compare(self.make(), self.make())
        assert not compare(self.make(shared=False), self.make(shared=False))

    def test_another_value_in_a_hole(self) -> None:
        returned = self.make()
        returned[-1] = caused("c", 2)

        assert paths(self.make(), returned) == ["obj[52].args[0]"]

    def test_another_value_that_a_hole_shares(self) -> None:
        assert paths(self.make(), self.make(last=2)) == ["obj[50].x[0]"]

    def test_what_a_hole_shares_with_the_rest(self) -> None:
        (lost,) = compare(self.make(), self.make(shared=False)).items
        (begun,) = compare(self.make(shared=False), self.make()).items

        assert (lost.path, lost.reason) == ("obj[51].args[1]", "shared reference lost")
        assert (begun.path, begun.reason) == ("obj[51].args[1]", "became a shared reference")

    def test_a_hole_that_leads_back(self) -> None:
        def make() -> list[object]:
            rows: list[object] = [[i] for i in range(50)]
            rows.append(caused(rows))
            return rows

        assert not compare(make(), make())


def test_sets_of_values_in_another_order() -> None:
    original = {(i, str(i), frozenset({i})) for i in range(500)}
    returned = set[object]()
    for value in sorted(original, reverse=True):  # one by one, so that another order results
        returned.add(value)
    other = (returned - {(7, "7", frozenset({7}))}) | {(7, "7", frozenset({True}))}

    assert not compare([original], [returned])
    assert compare([original], [other]).count == 1
    assert compare([original], [returned | {1}]).count == 1


def test_memory_is_compared_to_its_end() -> None:
    size = 3 * CHUNK_BYTES + 5
    one, other = bytes(size), bytearray(size)

    assert are_same(memoryview(one), memoryview(other))

    other[-1] = 1

    assert not are_same(memoryview(one), memoryview(other))
    assert not are_same(memoryview(one), memoryview(one)[1:])
