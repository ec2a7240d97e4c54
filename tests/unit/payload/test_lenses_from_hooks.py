"""Lenses of others: what they change, that they go away again, and what their mistakes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.errors import OptionError
from pytest_portable.payload.graph import read
from pytest_portable.payload.lenses import LENSES, STATES, check_lenses, register_lenses
from pytest_portable.payload.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_portable.payload.lenses import Edge, View

CALL = b"crecordings\nrebuild\n(cmark\nhere\ntR."
STATE = b"crecordings\nTake\n)\x81(cmark\nhere\ntb."


def path_of_mark(payload: bytes) -> str:
    paths = Paths(read(payload))
    found = {paths.view.name(node): paths.path(node) for node in range(len(paths.graph))}
    return found["mark", "here"]


def source(_view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    return [(".source", argument) for argument in arguments[:1]]


def first_of_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    return [(".first", child) for child in view.graph.children(state[0])]


@pytest.mark.parametrize(
    ("name", "function", "payload", "before", "after"),
    [
        pytest.param(
            "recordings.rebuild",
            source,
            CALL,
            "obj.__reduce_ex__(4)[1][0]",
            "obj.source",
            id="call",
        ),
        pytest.param(
            "recordings.Take.__setstate__",
            first_of_state,
            STATE,
            "obj.__getstate__()[0]",
            "obj.first",
            id="state",
        ),
    ],
)
def test_a_lens_names_what_a_reducer_sends_until_it_is_removed(
    name: str, function: Callable[..., list[Edge]], payload: bytes, before: str, after: str
) -> None:
    assert path_of_mark(payload) == before

    remove = register_lenses(check_lenses([{name: function}]))
    try:
        assert path_of_mark(payload) == after
    finally:
        remove()

    assert path_of_mark(payload) == before


def test_removing_uncovers_the_lens_that_was_there() -> None:
    calls, states = dict(LENSES), dict(STATES)
    remove = register_lenses(check_lenses([{"collections.deque": source}]))
    inner = register_lenses(check_lenses([{"collections.deque": lambda *_: []}]))

    assert LENSES["collections.deque"] is not calls["collections.deque"]
    inner()
    remove()
    remove()

    assert calls == LENSES
    assert states == STATES


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param([source], "is no dict; return functions by the callables", id="list"),
        pytest.param({3: source}, "3 is no dotted name", id="number"),
        pytest.param({"my lib.f": source}, "'my lib.f' is no dotted name", id="words"),
        pytest.param({"rebuild": source}, "'rebuild' lacks its module", id="no-module"),
        pytest.param({"C.__setstate__": source}, "lacks its module", id="class-alone"),
        pytest.param({"a.b": dict}, "is no function of (view, node, arguments)", id="class"),
        pytest.param({"a.b": 4}, "'a.b': 4 is no function", id="no-function"),
    ],
)
def test_a_bad_answer_is_refused(answer: object, message: str) -> None:
    with pytest.raises(OptionError) as raised:
        check_lenses([answer])

    assert message in str(raised.value)
    assert "pytest_portable_lenses" in str(raised.value)


def fail(_view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    return [(".rate", arguments[1])]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(fail, "raised IndexError('tuple index out of range') on 1", id="raises"),
        pytest.param(lambda *_: [".source"], "gave '.source'", id="no-pair"),
        pytest.param(lambda *_: [(".source", 10**6)], "gave ('.source', 1000000)", id="no-node"),
        pytest.param(lambda *_: [(3, 0)], "gave (3, 0)", id="no-label"),
    ],
)
def test_what_a_lens_does_wrong_is_told_with_its_name(
    function: Callable[..., list[Edge]], message: str
) -> None:
    remove = register_lenses(check_lenses([{"recordings.rebuild": function}]))
    try:
        with pytest.raises(OptionError) as raised:
            path_of_mark(CALL)
    finally:
        remove()

    assert message in str(raised.value)
    assert "the lens for 'recordings.rebuild'" in str(raised.value)
