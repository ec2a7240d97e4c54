"""The short cut for big data says yes only where the walk would."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_portable.equivalence.plain import are_plain_and_equal
from unit.equivalence.samples import Color, Node, Pair, Remembered, Slotted, paths, trip

if TYPE_CHECKING:
    from collections.abc import Callable


def is_short(obj: Any, returned: Any = None) -> bool:
    return are_plain_and_equal(obj, trip(obj) if returned is None else returned, builtin_only=False)


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param([[i, str(i)] for i in range(99)], id="lists"),
        pytest.param({(i, str(i)): i for i in range(99)}, id="dict"),
        pytest.param([Node(x=i) for i in range(99)], id="instances"),
        pytest.param([Slotted(i, i) for i in range(99)], id="slots"),
        pytest.param([np.arange(3), np.float32(1), dt.date(2020, 1, 1)], id="arrays"),
        pytest.param([len, Node], id="globals"),
    ],
)
def test_it_takes_what_is_plain(obj: Any) -> None:
    assert is_short(obj)


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param(lambda: [Node()], id="perhaps a sentinel"),
        pytest.param(lambda: [Remembered("a")], id="its own hash"),
        pytest.param(lambda: [Pair(1, 2)], id="its own reduce"),
        pytest.param(lambda: [ValueError()], id="exception"),
        pytest.param(lambda: [Color.RED], id="enum"),
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
