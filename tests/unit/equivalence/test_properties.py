"""Any object is equal to its copy, and any single change is found where it was made."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import io
import pathlib
import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable.equivalence import compare
from unit.equivalence.mutations import CONTAINERS, SHARING, VALUES, Mutation
from unit.equivalence.mutations_of_code import DEFINITIONS
from unit.equivalence.mutations_of_data import ARRAYS, TABLES
from unit.equivalence.places import HASHED, PLACES, Place
from unit.equivalence.samples import Color, Money, Node, Point, Row, Slotted, paths, trip

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
small = st.recursive(leaves, _containers, max_leaves=3)
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


class _Pickler(pickle.Pickler):
    """Leaves a hole where an object is, at all of its places."""

    def __init__(self, file: io.BytesIO, protocol: int, hole: object) -> None:
        super().__init__(file, protocol)
        self._hole = hole

    def persistent_id(self, obj: object) -> str | None:
        return "hole" if obj is self._hole else None


class _Unpickler(pickle.Unpickler):
    """Puts another object there."""

    def __init__(self, file: io.BytesIO, hole: object) -> None:
        super().__init__(file)
        self._hole = hole

    def persistent_load(self, _: object) -> object:
        return self._hole


def travel(graph: object, protocol: int, hole: object, filling: object) -> Any:
    """Return a faithful copy of a graph but for one object in it."""
    file = io.BytesIO()
    _Pickler(file, protocol, hole).dump(graph)
    file.seek(0)
    return _Unpickler(file, filling).load()


def _has_hash(obj: object) -> bool:
    try:
        hash(obj)
    except TypeError:
        return False
    return True


@st.composite
def wrapped(draw: st.DrawFn, core: Any) -> Any:
    """Put an object into one to four places, one in the other."""
    graph, is_hashable = core, _has_hash(core)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(PLACES + HASHED if is_hashable else PLACES))
        siblings = keys if place.is_hashable is None or place in HASHED else small
        graph = place.wrap(graph, draw(siblings), draw(siblings))
        is_hashable = is_hashable if place.is_hashable is None else place.is_hashable
    return graph


MUTATIONS = [*VALUES, *CONTAINERS, *DEFINITIONS, *SHARING, *ARRAYS, *TABLES]
NAMES = {"nan": float("nan"), "inf": float("inf")}


def _name(case: Any) -> str:
    return str(case.name)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=_name)
def test_every_kind_of_change(mutation: Mutation) -> None:
    original, same, changed = [mutation.make(is_changed) for is_changed in (False, False, True)]

    assert compare(original, same, class_identity=False).items == ()
    assert paths(original, changed, class_identity=False) == [f"obj{mutation.place}"]
    assert compare(changed, original, class_identity=False).count == 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("place", PLACES + HASHED, ids=_name)
def test_every_kind_of_place(place: Place, protocol: int) -> None:
    core, changed = 1000003, 1000004
    original = place.wrap(core, "one", "other")

    assert compare(original, travel(original, protocol, core, core)).items == ()

    found = compare(original, travel(original, protocol, core, changed))

    assert found.count == 1
    assert _is_at(core, found.items[0].path, original)


def _is_at(core: object, path: str, graph: object) -> bool:
    """Tell whether an object, or the set that it is an element of, is found by a path."""
    found = eval(path, {"obj": graph, **NAMES})
    if isinstance(found, (set, frozenset)):
        return found is core or any(element is core for element in found)
    return found is core


@settings(quickly, max_examples=1000)
@given(st.sampled_from(MUTATIONS), st.data(), st.sampled_from([4, 5]))
def test_a_single_change_of_any_kind_is_found_in_any_place(
    mutation: Mutation, data: st.DataObject, protocol: int
) -> None:
    core, same, changed = [mutation.make(is_changed) for is_changed in (False, False, True)]
    original = data.draw(wrapped(core))
    faithful = travel(original, protocol, core, same)
    returned = travel(original, protocol, core, changed)

    assert compare(original, faithful, class_identity=False).items == ()

    found = compare(original, returned, class_identity=False)

    assert found.count == 1, found
    path = found.items[0].path
    assert path.endswith(mutation.place)
    stem = path[: len(path) - len(mutation.place)]
    assert _is_at(core, stem, original)
    if "list(" not in stem and not _is_at(changed, stem, returned):  # the order is the original's
        pytest.fail(f"{path} is not where the returned object differs")
