"""Any object is equal to its copy, and any single change is found where it was made."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import pathlib
import pickle
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable.equivalence import compare
from unit.equivalence.samples import Color, Money, Node, Point, Row, Slotted, trip

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.sampled_from(Color),
    st.decimals(),
    # Protocols below 4 lose `fold`, and this comparison notices.
    st.datetimes(timezones=st.just(dt.timezone.utc) | st.none()).map(
        lambda moment: moment.replace(fold=0)
    ),
    st.builds(pathlib.PurePosixPath, st.just("a")),
)
keys = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, min_size=16, max_size=20),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=5),
        st.sets(keys, max_size=5),
        st.builds(lambda value: [value, value], inner),
        st.builds(lambda one, other: Node(one=one, other=other), inner, inner),
        st.builds(Point, inner, inner),
        st.builds(Money, inner),
        st.builds(Slotted, inner, inner),
        st.builds(Row, inner, inner),
        st.builds(lambda one, other: {Node(it=one), Node(it=other), 1}, inner, inner),
    )


graphs = st.recursive(leaves, _containers, max_leaves=20)
quickly = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _with_cycle(graph: Any) -> Any:
    owner = Node(graph=graph)
    owner.me = [owner]  # type: ignore[attr-defined]
    return owner


@quickly
@given(graphs, st.integers(0, pickle.HIGHEST_PROTOCOL), st.booleans())
def test_a_copy_is_equal(graph: Any, protocol: int, is_cyclic: bool) -> None:
    original = _with_cycle(graph) if is_cyclic else graph
    returned = pickle.loads(pickle.dumps(original, protocol=max(protocol, 2)))

    assert compare(original, returned).items == ()
    assert compare(returned, original).items == ()
    assert compare(original, original).items == ()


def _places(root: Any) -> list[tuple[Any, Any]]:
    """List all places where something can be put: a container and a key."""
    found: list[tuple[Any, Any]] = []
    waiting, seen = [root], set()
    while waiting:
        obj = waiting.pop()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        if type(obj) is list:
            found += [(obj, index) for index in range(len(obj))]
            waiting += obj
        elif type(obj) is dict:
            found += [(obj, key) for key in obj]
            waiting += obj.values()
        elif type(obj) in {tuple, Row}:
            waiting += obj
        elif type(obj) in {Node, Point}:
            waiting.append(vars(obj))
    return found


@quickly
@given(graphs, st.data())
def test_a_single_change_is_found_in_its_place(graph: Any, data: st.DataObject) -> None:
    original = [graph, decimal.Decimal(1)]
    returned = trip(original)
    container, key = data.draw(st.sampled_from(_places(returned)))
    container[key] = changed = fractions.Fraction(1, 7)

    found = compare(original, returned)

    assert found.count == 1
    assert eval(found.items[0].path, {"obj": returned, "nan": float("nan")}) is changed


@quickly
@given(graphs, st.data())
def test_what_is_lost_or_added_is_found(graph: Any, data: st.DataObject) -> None:
    original = [graph, {"here": 1}]
    returned = trip(original)
    places = [container for container, _ in _places(returned)]
    container = data.draw(st.sampled_from(places))
    if isinstance(container, list):
        container.append(1)
    elif all(type(name) is str for name in container) and data.draw(st.booleans()):
        container["added"] = 1
    else:
        del container[next(iter(container))]

    found = compare(original, returned)

    assert found.count == 1
    assert compare(returned, original).count == 1


@quickly
@given(leaves, leaves)
def test_two_leaves_are_equal_when_their_type_and_value_are(one: Any, other: Any) -> None:
    strictly = (type(one), repr(one).replace("-0", "0")) == (
        type(other),
        repr(other).replace("-0", "0"),
    )

    assert bool(compare(one, other)) is not strictly
