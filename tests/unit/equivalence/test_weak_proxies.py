"""Weak proxies, which answer every question in the name of what they stand for."""

from __future__ import annotations

import weakref

import pytest

from pytest_portable.equivalence import compare


class Node:
    def __init__(self, value: object) -> None:
        self.value = value


class Called(Node):
    def __call__(self) -> object:
        return self.value


class Hiding(Node):
    def __getattribute__(self, name: str) -> object:
        raise ValueError


def dead() -> object:
    return weakref.proxy(Node(1))


@pytest.mark.parametrize("kind", [Node, Called])
def test_living_ones_are_compared_by_what_they_stand_for(kind: type[Node]) -> None:
    nodes = [kind(1), kind(1), kind(2)]
    one, same, other = map(weakref.proxy, nodes)

    assert not compare([one], [same])
    found = compare([one], [other])

    assert [item.path for item in found.items] == ["obj[0].value"]


def test_two_dead_ones_are_equal() -> None:
    found = compare([dead()], [dead()])

    assert (found.count, found.dropped) == (0, ())


def test_one_that_dies_on_the_way_is_told() -> None:
    node = Node(1)

    found = compare({"p": weakref.proxy(node)}, {"p": dead()})

    assert (found.count, [item.path for item in found.dropped]) == (0, ["obj['p']"])
    assert "ReferenceError" in found.dropped[0].reason


def test_one_in_a_set_of_pairs_is_told_too() -> None:
    node = Node(1)

    found = compare({(1, Box(weakref.proxy(node)))}, {(1, Box(dead()))})

    assert found.count or found.dropped


class Box:
    def __init__(self, content: object) -> None:
        self.content = content

    def __hash__(self) -> int:
        return 1

    __eq__ = object.__eq__


def test_one_that_hides_what_it_stands_for_is_not_equal() -> None:
    nodes = Hiding(1), Hiding(1)

    found = compare(*map(weakref.proxy, nodes))

    assert [item.reason for item in found.items] == ["a proxy that hides what it stands for"]
