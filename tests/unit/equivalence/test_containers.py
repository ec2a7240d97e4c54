from __future__ import annotations

import collections
import types
from array import array
from typing import Any

import pytest

from pytest_portable.equivalence import compare
from unit.equivalence.samples import Color, Level, Money, Node, Remembered, changes, paths, trip

NAN = float("nan")


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param([1], [True], ["obj[0]"], id="True is not 1"),
        pytest.param([1], [1.0], ["obj[0]"], id="1.0 is not 1"),
        pytest.param([Level.LOW], [1], ["obj[0]"], id="an IntEnum is not its number"),
        pytest.param([0] * 99 + [1], [0] * 99 + [True], ["obj[99]"], id="in a long list"),
        pytest.param([1, "a"] * 50, [1, "a"] * 49 + [1.0, "a"], ["obj[98]"], id="mixed"),
        pytest.param([1], (1,), ["obj"], id="a tuple is not a list"),
        pytest.param([1, 2], [1], ["obj"], id="length"),
        pytest.param({"a": 1}, {"b": 1}, ["list(obj)[0]"], id="other key"),
        pytest.param({"a": 1}, {"b": 2}, ["obj['a']", "obj['b']"], id="other key and value"),
        pytest.param({1: 0}, {True: 0}, ["list(obj)[0]"], id="key of another type"),
        pytest.param(
            {1: 0, "a": 0, None: 0},
            {2: 0, "b": 0, None: 0},
            ["obj[1]", "obj['a']", "obj[2]", "obj['b']"],
            id="two other keys",
        ),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, [], id="order of a dict"),
        pytest.param({(1, 2): 3}, {(1, 2): 4}, ["obj[(1, 2)]"], id="tuple as key"),
        pytest.param(
            {(1, "a" * 99): 3}, {(1, "a" * 99): 4}, ["list(obj.values())[0]"], id="long tuple"
        ),
        pytest.param({None: 1, 2: 3}, {2: 3, None: 4}, ["obj[None]"], id="mixed keys"),
        pytest.param(
            {Money(1): 2}, {Money(1): 3}, ["list(obj.values())[0]"], id="key without text"
        ),
        pytest.param({Money(1): 2}, {Money(2): 2}, ["list(obj)[0].amount"], id="inside a key"),
        pytest.param({1, 2}, {2, 3}, ["obj"], id="set"),
        pytest.param({1, (2, 3)}, {(2, 3), True}, ["obj"], id="set strictly by type"),
        pytest.param({(1, NAN)}, {(1, float("nan"))}, [], id="NaN in a tuple in a set"),
        pytest.param(frozenset({1}), frozenset({1, 2}), ["obj"], id="frozenset"),
        pytest.param({NAN, 1}, {float("nan"), 1}, [], id="NaN in a set"),
        pytest.param({NAN: 1, 1: 2}, {float("nan"): 1, 1: 2}, [], id="NaN as key"),
        pytest.param(b"a", bytearray(b"a"), ["obj"], id="bytearray is not bytes"),
        pytest.param(bytearray(b"ab"), bytearray(b"ac"), ["obj"], id="bytearray"),
        pytest.param(memoryview(b"ab"), memoryview(b"ac"), ["obj"], id="memoryview"),
        pytest.param(
            array("i", [1]), array("l", [1]), ["obj.typecode"], id="array of another type"
        ),
        pytest.param(array("d", [1, NAN]), array("d", [2, NAN]), ["obj[0]"], id="array"),
    ],
)
def test_builtin_containers(original: object, returned: object, expected: list[str]) -> None:
    assert paths(original, returned) == expected
    assert not compare(original, original)


OD = collections.OrderedDict[Any, Any]


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(OD(a=1, b=2), OD(b=2, a=1), ["obj"], id="order"),
        pytest.param(OD({1.5: 1, None: 2}), OD({None: 2, 1.5: 1}), ["obj"], id="order of any keys"),
        pytest.param(OD(a=1), OD(a=2), ["obj['a']"], id="ordered value"),
        pytest.param(
            OD([(Money(1), 1), (Money(2), 1)]),
            OD([(Money(2), 1), (Money(1), 1)]),
            ["obj"],
            id="order of keys without text",
        ),
        pytest.param(
            collections.defaultdict(int, a=1),
            collections.defaultdict(bool, a=1),
            ["obj.default_factory"],
            id="factory",
        ),
        pytest.param(
            collections.deque([1], 2), collections.deque([1], 3), ["obj.maxlen"], id="maxlen"
        ),
        pytest.param(collections.deque([1]), collections.deque([2]), ["obj[0]"], id="deque"),
        pytest.param(
            collections.Counter("aab"), collections.Counter("ab"), ["obj['a']"], id="Counter"
        ),
        pytest.param(
            collections.ChainMap({"a": [1]}),
            collections.ChainMap({"a": [2]}),
            ["obj.maps[0]['a'][0]"],
            id="ChainMap",
        ),
        pytest.param(
            types.MappingProxyType({"a": 1}),
            types.MappingProxyType({"a": 2}),
            ["obj['a']"],
            id="mapping proxy",
        ),
    ],
)
def test_collections(original: object, returned: object, expected: list[str]) -> None:
    assert paths(original, returned) == expected
    if not isinstance(original, types.MappingProxyType):
        assert not compare(original, trip(original))


class TestMatching:
    def test_elements_without_equality_are_matched_by_structure(self) -> None:
        original = {Node(x=[i], c=Color.RED) for i in range(30)}

        assert not compare(original, trip(original))

    def test_the_one_that_changed_is_found_inside(self) -> None:
        original = {Node(x=i) for i in range(30)}
        returned = trip(original)
        next(node for node in returned if node.x == 7).x = "other"

        found = paths(original, returned)

        assert len(found) == 1
        assert eval(found[0], {"obj": original}) == 7

    def test_several_that_changed_are_counted(self) -> None:
        original = {Node(x=i) for i in range(5)}
        returned = {Node(x=i + 2) for i in range(5)}

        assert changes(original, returned) == [("obj", "elements differ: 2 missing, 2 added")]

    def test_elements_that_refer_to_their_set(self) -> None:
        def make() -> Node:
            owner = Node(name="owner", members=set())
            for name in "abc":
                owner.members.add(Node(name=name, owner=owner))  # type: ignore[attr-defined]
            return owner

        original = make()

        assert not compare(original, make())
        assert not compare(original, trip(original))

    def test_sets_within_sets_of_instances(self) -> None:
        def make(last: object) -> set[object]:
            inner: object = last
            for level in range(60):
                inner = Node(level=level, inside={Node(x=inner), Node(x=0)})
            return {inner}

        assert not compare(make(1), make(1))
        assert compare(make(1), make(2))

    def test_a_key_that_its_dict_cannot_find_is_a_difference(self) -> None:
        original = {Remembered("a"): 1}
        returned = trip(original)

        assert not compare(original, returned)

        next(iter(returned)).kept += 1

        assert changes(original, returned)[0] == (
            "list(obj)[0]",
            "cannot be found by its hash any more",
        )

    def test_an_element_that_its_set_cannot_find_is_a_difference(self) -> None:
        original = {Remembered("a"), Remembered("b")}
        returned = trip(original)
        next(iter(returned)).kept += 1

        assert [reason for _, reason in changes(original, returned)] == [
            "cannot be found by its hash any more"
        ]
