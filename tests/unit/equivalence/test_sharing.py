from __future__ import annotations

import decimal
import sys
import types
from typing import Any

import pytest

from pytest_portable.equivalence import compare
from unit.equivalence.samples import MISSING, Node, Row, _Missing, changes, paths, trip

DEPTH = 200_000


@pytest.mark.parametrize("make", [list, Node, dict, set, bytearray], ids=lambda kind: kind.__name__)
def test_a_shared_reference_that_is_lost(make: Any) -> None:
    one = make()

    assert changes([one, one], [make(), make()]) == [("obj[1]", "shared reference lost")]
    assert changes([make(), make()], [one, one]) == [("obj[1]", "became a shared reference")]
    assert not compare([one, one], trip([one, one]))
    assert not compare([make(), make()], [make(), make()])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(10**30, 10**30, id="int"),
        pytest.param("".join("ab"), "ab", id="str"),
        pytest.param((1, "a"), (1, "".join("a")), id="tuple"),
        pytest.param(decimal.Decimal(1), decimal.Decimal(1), id="value"),
        pytest.param(Row(1, 2), Row(1, 2), id="named tuple"),
        pytest.param(frozenset({1}), frozenset({1}), id="frozenset"),
    ],
)
def test_who_shares_a_value_means_nothing(one: object, other: object) -> None:
    assert not compare([one, one], [one, other])
    assert not compare([one, one], [other, one])
    assert not compare([other, one], [one, one])


def test_a_list_inside_a_shared_tuple_is_shared() -> None:
    inner: list[int] = []

    assert paths([(inner,), (inner,)], [([],), ([],)]) == ["obj[1][0]"]


def test_sharing_is_seen_in_big_data() -> None:
    one = [1]
    original = [[i] for i in range(500)] + [one, one]

    assert not compare(original, trip(original))
    assert paths(original, [*trip(original)[:-1], [1]]) == ["obj[501]"]


class TestCycles:
    def test_a_list_in_itself(self) -> None:
        original: list[object] = [1]
        original.append(original)

        assert not compare(original, trip(original))
        assert paths(original, [1, [1, None]]) == ["obj[1]"]

    def test_through_tuple_dict_and_instance(self) -> None:
        original = Node()
        original.me = ({"me": original},)  # type: ignore[attr-defined]

        assert not compare(original, trip(original))

    def test_a_list_of_any_depth(self) -> None:
        original: list[Any] = []
        returned: list[Any] = []
        other: list[Any] = [0]
        for _ in range(DEPTH):
            original, returned, other = [original], [returned], [other]

        assert not compare(original, returned)
        assert [reason for _, reason in changes(original, other)] == ["length 0, then 1"]

        for chain in (original, returned, other):  # one by one: the interpreter's way is recursive
            while chain and isinstance(chain[0], list):
                chain[:] = chain[0]

    def test_a_chain_of_any_length(self) -> None:
        def make(last: int) -> Node:
            node = Node(value=last)
            for _ in range(DEPTH // 4):
                node = Node(next=node)
            return node

        found = paths(make(1), make(2))

        assert not compare(make(1), make(1))
        assert len(found) == 1
        assert found[0].endswith(".next.next.value")
        assert len(found[0]) < 500


class TestConstants:
    def test_a_sentinel_that_came_back_as_a_copy(self) -> None:
        found = changes({"v": MISSING}, {"v": _Missing()})

        assert found == [
            (
                "obj['v']",
                "identity lost: `unit.equivalence.samples.MISSING` is a constant of its module",
            )
        ]

    def test_in_big_data_too(self) -> None:
        original = [[i] for i in range(100)] + [[MISSING]]

        assert len(paths(original, trip(original))) == 1

    def test_the_constant_itself(self) -> None:
        assert not compare([MISSING], [MISSING])

    def test_a_constant_that_travels_with_the_function_that_reads_it(self) -> None:
        source = "def get(x=MISSING):\n    return x is MISSING\n"
        sides: list[dict[str, Any]] = [{"MISSING": MISSING}, {"MISSING": _Missing()}]
        for scope in sides:
            exec(source, scope)

        assert not compare(sides[0]["get"], sides[1]["get"])
        sides[1]["get"].__defaults__ = (_Missing(),)
        assert "obj.__defaults__[0]" in paths(sides[0]["get"], sides[1]["get"])

    def test_an_instance_that_is_no_constant(self) -> None:
        assert not compare([_Missing()], [_Missing()])

    def test_an_object_that_is_nothing_else(self) -> None:
        assert paths([ANYTHING], [object()]) == ["obj[0]"]
        assert not compare([object()], [object()])

    def test_many_of_them_are_looked_up_once(self) -> None:
        assert not compare([object() for _ in range(5000)], [object() for _ in range(5000)])

    def test_nobody_asks_for_the_very_object(self) -> None:
        assert not compare(model, trip(model))
        assert not compare([DEFAULT], trip([DEFAULT]))

    def test_one_that_holds_something(self) -> None:
        found = changes([Shift], [Action("shift")])

        assert [reason.split("`")[0] for _, reason in found] == ["identity lost: "]
        assert not compare([Action("shift")], [Action("shift")])

    @pytest.mark.parametrize(
        "source",
        [
            "def f(x): return x is not ASKED",
            "def f(x): return ASKED is x",
            "def f(x): return x == ASKED",
            "def f(x): return ASKED in x",
            "def f(x, y): return any(one is ASKED for one in y)",
            "class A:\n  @property\n  def f(self): return self.x is ASKED",
            "class A:\n  @classmethod\n  def f(cls): return cls.x is home.ASKED",
            "OTHER = ASKED\ndef f(x): return x is OTHER",
        ],
    )
    @pytest.mark.parametrize("body", ["pass", "def __init__(self): self.x = 1"])
    def test_how_code_asks(self, source: str, body: str) -> None:
        module = types.ModuleType("asked")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "asked", module)
            exec(f"class Kind:\n  {body}\nASKED, IDLE = Kind(), Kind()\n{source}", vars(module))

            assert paths([module.ASKED], [module.Kind()]) == ["obj[0]"]
            assert not compare([module.IDLE], [module.Kind()])

    def test_a_text_that_is_a_name(self) -> None:
        module = types.ModuleType("asked")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "asked", module)
            source = "def f(x):\n  print(ASKED, end='')\n  return 'ASKED' in x"
            exec(f"class Kind: pass\nASKED = Kind()\n{source}", vars(module))

            assert not compare([module.ASKED], [module.Kind()])


class Stateless:
    pass


class Action:
    def __init__(self, name: str) -> None:
        self.name = name


def step(action: Action) -> str:
    return "shift" if action is Shift else "reduce"


ANYTHING = object()
DEFAULT = Stateless()
model = Stateless()
Shift = Action("shift")
