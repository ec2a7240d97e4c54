from __future__ import annotations

import dataclasses
import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.equivalence import (
    COUNT_LIMIT,
    MAX_SHOWN,
    Comparator,
    Difference,
    Elements,
    Finding,
    Part,
    Tolerance,
    compare,
)
from unit.equivalence.samples import Lied, Node, Pair, Point, Silent, changes, paths, trip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Base:
    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        return Base, (self.value,)


class Special(Base):
    """Reduces to what it is derived from."""


def test_a_subclass_that_is_lost_is_found() -> None:
    assert paths({"x": Special(2)}, {"x": Base(2)}) == ["obj['x']"]
    assert paths([Base(1), Special(2)], [Base(1), Base(2)]) == ["obj[1]"]
    assert not compare([Base(1), Special(2)], [Base(1), Special(2)])


def test_equal_objects_have_no_differences() -> None:
    found = compare({"a": [1, (2.0, None)]}, {"a": [1, (2.0, None)]})

    assert not found
    assert found.count == 0
    assert found.items == ()


def test_a_difference_is_a_path_two_values_and_a_reason() -> None:
    found = compare({"a": [1, 2]}, {"a": [1, 3]}, root="args[0]")

    assert found.items == (Difference("args[0]['a'][1]", "2", "3", "values differ"),)
    assert found.items[0].to_dict() == dataclasses.asdict(found.items[0])


def test_the_first_differences_are_shown_and_all_are_counted() -> None:
    found = compare([0] * 50, [1] * 50)

    assert [item.path for item in found.items] == [f"obj[{i}]" for i in range(MAX_SHOWN)]
    assert found.count == 50


def test_counting_ends_at_its_limit() -> None:
    found = compare([[0]] * 1 + [[i] for i in range(5000)], [[1]] + [[-1 - i] for i in range(5000)])

    assert found.count == COUNT_LIMIT


class TestTheCallersEqual:
    def test_yes_ends_it(self) -> None:
        assert not compare(1, "one", equal=lambda _one, _other: True)

    def test_after_no_structure_supplies_the_paths(self) -> None:
        assert paths([1, [2]], [1, [3]], equal=lambda _one, _other: False) == ["obj[1][0]"]

    def test_after_no_without_a_path_the_root_is_named(self) -> None:
        found = changes([1], [1], equal=lambda _one, _other: False)  # nothing to be seen

        assert found == [("obj", "`equal` says no")]

    def test_what_a_reducer_hides_is_found_after_a_no(self) -> None:
        class Sorted:
            def __init__(self, items: list[int]) -> None:
                self.items = items

            def __getstate__(self) -> object:
                return sorted(self.items)

        one, other = Sorted([2, 1]), Sorted([1, 2])

        assert not compare(one, other)
        found = paths([one], [other], equal=lambda left, right: left[0].items == right[0].items)
        assert found == ["obj[0].items[0]", "obj[0].items[1]"]

    def test_what_it_raises_is_the_callers(self) -> None:
        def equal(_one: object, _other: object) -> object:
            raise LookupError

        with pytest.raises(LookupError):
            compare(1, 1, equal=equal)


@pytest.mark.parametrize(
    ("original", "returned"),
    [
        pytest.param(1.0, 1.0 + 1e-9, id="float"),
        pytest.param([1.0] * 100, [1.0 + 1e-9] * 100, id="many floats"),
        pytest.param(1 + 1j, 1 + (1 + 1e-9) * 1j, id="complex"),
        pytest.param(Node(x=1.0), Node(x=1.0 + 1e-9), id="attribute"),
        pytest.param({1.0, 2.0}, {1.0 + 1e-9, 2.0}, id="in a set"),
    ],
)
def test_tolerances_reach_every_float(original: object, returned: object) -> None:
    assert compare(original, returned)
    if not isinstance(original, set):  # a set is a set of other numbers then
        assert not compare(original, returned, rtol=1e-6)
        assert not compare(original, returned, atol=1e-6)
    assert compare(original, returned, rtol=1e-12)


@pytest.mark.parametrize("returned", [math.inf, math.nan, -1.0], ids=str)
def test_no_tolerance_accepts_another_kind_of_number(returned: float) -> None:
    assert compare(1.0, returned, rtol=0.5, atol=0.5)


def test_zeros_are_told_apart_on_request() -> None:
    pairs = [(0.0, -0.0), ([0.0] * 99, [0.0] * 98 + [-0.0]), (0j, complex(-0.0, 0.0))]

    assert not any(compare(*pair) for pair in pairs)
    assert all(compare(*pair, signed_zero=True) for pair in pairs)
    assert not any(compare(pair[0], trip(pair[0]), signed_zero=True) for pair in pairs)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(lambda zero: {zero}, "list(obj)[0]", id="set"),
        pytest.param(lambda zero: {zero, "a", (1, 2)}, None, id="mixed set"),
        pytest.param(lambda zero: {(zero, "a"), 1}, None, id="in a tuple"),
        pytest.param(lambda zero: {zero: 1}, "list(obj)[0]", id="key"),
        pytest.param(
            lambda zero: {zero: 1, **dict.fromkeys(range(1, 40))}, None, id="of many keys"
        ),
        pytest.param(lambda zero: frozenset({complex(1, zero)}), None, id="imaginary part"),
    ],
)
def test_zeros_as_elements_and_keys(make: Callable[[float], object], expected: str | None) -> None:
    assert not compare(make(0.0), make(-0.0))
    assert not compare(make(-0.0), trip(make(-0.0)), signed_zero=True)

    found = compare(make(0.0), make(-0.0), signed_zero=True)

    assert found.count == 1
    assert expected in {None, found.items[0].path}


class _Loosely:
    """Compares points by their rounded x; and everything in y as it is."""

    def handles(self, kind: type) -> bool:
        return kind is Point

    def compare(
        self, original: Point, returned: Point, tolerance: Tolerance
    ) -> Iterator[Finding | Part | Elements]:
        assert tolerance.is_exact
        if round(original.x) != round(returned.x):  # type: ignore[call-overload]
            yield Finding(".x", original.x, returned.x, "too far apart")
        yield Part(".y", original.y, returned.y)
        yield Elements([".a", ".b"], [1, original.y], [1, returned.y])


class TestComparators:
    comparator: Comparator = _Loosely()  # type: ignore[assignment]

    @pytest.mark.parametrize(
        ("returned", "expected"),
        [
            pytest.param(Point(1.2, [1]), [], id="equal"),
            pytest.param(Point(2.2, [1]), [("obj[0].x", "too far apart")], id="finding"),
            pytest.param(
                Point(1.0, [2]),
                [("obj[0].y[0]", "values differ")],
                id="part, once although it comes twice",
            ),
        ],
    )
    def test_the_callers_come_first(self, returned: Point, expected: list[tuple[str, str]]) -> None:
        original = [Point(1.0, [1]) for _ in range(2)]

        found = changes(original, [returned, original[1]], comparators=[self.comparator])

        assert found == expected

    def test_they_are_asked_in_big_data_too(self) -> None:
        original, returned = ([Point(i + d) for i in range(99)] for d in (0.0, 0.25))

        assert compare(original, returned)
        assert not compare(original, returned, comparators=[self.comparator])

    def test_one_that_raises_is_a_difference(self) -> None:
        original = Point("a")

        found = changes(original, Point("b"), comparators=[self.comparator])

        assert found[0][0] == "obj"
        assert found[0][1].startswith("cannot be compared: TypeError")


class TestHostileObjects:
    def test_a_false_class_is_not_believed(self) -> None:
        assert not compare(Lied([1]), Lied([1]))
        assert paths(Lied([1]), Lied([2])) == ["obj.value[0]"]

    def test_one_that_never_says_yes_is_not_asked(self) -> None:
        assert not compare(Silent(), Silent())

    def test_an_equality_that_raises_is_ignored(self) -> None:
        class Raising(Node):
            def __eq__(self, other: object) -> bool:
                raise ValueError

            __hash__ = None  # type: ignore[assignment]

        assert not compare(Raising(x=1), Raising(x=1))
        assert paths(Raising(x=1), Raising(x=2)) == ["obj.x"]

    def test_an_answer_that_is_no_truth_value_is_ignored(self) -> None:
        class Vague(Node):
            def __eq__(self, other: object) -> bool:
                return NotImplemented

            __hash__ = None  # type: ignore[assignment]

        assert not compare(Vague(x=1), Vague(x=1))
        assert paths(Vague(x=1), Vague(x=2)) == ["obj.x"]

    def test_an_unhashable_element_is_matched(self) -> None:
        class Unhashable(Node):
            broken = False

            def __hash__(self) -> int:
                if Unhashable.broken:
                    raise TypeError
                return id(self)

        originals, returned = ({Unhashable(x=i) for i in range(3)} for _ in range(2))
        Unhashable.broken = True

        assert not compare(originals, returned)

    def test_a_metaclass_that_raises_is_survived(self) -> None:
        class Meta(type):
            def __hash__(cls) -> int:
                raise ValueError

        assert isinstance(compare(Meta("Made", (), {})(), 1).count, int)


def test_the_equality_of_an_author_may_say_yes() -> None:
    assert not compare(Pair("1", [1]), Pair(1, [1]))
    assert paths(Pair("a", [1]), Pair("b", [1])) == ["obj.first"]


@pytest.mark.parametrize("key", [(1, 2, 3), frozenset({2, "a"})])
def test_another_key_of_an_ordered_dict_is_no_other_order(key: object) -> None:
    kept = (1, 2) if isinstance(key, tuple) else frozenset({1, "a"})
    one, other = OrderedDict([(1, None), (kept, None)]), OrderedDict([(1, None), (key, None)])

    (difference,) = compare(one, other).items

    assert "order" not in difference.reason
    assert "order" in compare(one, OrderedDict(reversed(one.items()))).items[0].reason
