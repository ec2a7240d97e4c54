from __future__ import annotations

import collections
import pickle

import pytest

from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.payload.paths import Paths
from unit.payload.truth import Color, Model, Tagged

NESTED = 1_000_000


def paths_to(thing: object, module: str, qualname: str) -> list[str]:
    paths = Paths(read(pickle.dumps(thing)))
    names = {paths.view.name(node): node for node in range(len(paths.graph))}
    return paths.paths(names[module, qualname])


def test_a_million_nested_lists_are_read_and_named_without_recursion() -> None:
    payload = b"\x80\x04" + b"]" * NESTED + b"a" * (NESTED - 1) + b"."

    graph = read(payload)
    paths = Paths(graph)

    assert len(graph) == NESTED
    assert graph.damaged is None
    assert paths.path(1) == "obj[0]"
    assert "..." in paths.path(NESTED - 1)
    assert len(paths.path(NESTED - 1)) < 1000


def test_items_that_a_call_sets_later_are_named_by_their_keys() -> None:
    payload = (
        b"\x80\x04}\x940cdill._dill\n_setitems\n(h\x00}(\x8c\x01ackollections\n".replace(
            b"ckoll", b"ccoll"
        )
        + b"Counter\nutR0(\x8c\x04headh\x00t."
    )

    found = inspect_payload(payload)

    (counter,) = [one for one in found.references if one.qualname == "Counter"]
    assert found.damaged is None
    assert counter.paths == ("obj[1]['a']",)


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        pytest.param([len], "obj[0]", id="list"),
        pytest.param({"k": (1, len)}, "obj['k'][1]", id="dict-and-tuple"),
        pytest.param({(1, "x"): len}, "obj[(1, 'x')]", id="tuple-key"),
        pytest.param({"it's": len}, """obj["it's"]""", id="quoted-key"),
        pytest.param({len: 1}, "list(obj)[0]", id="as-a-key"),
        pytest.param({Color.RED: len}, "list(obj.values())[0]", id="key-without-a-literal"),
        pytest.param({"k" * 500: len}, "list(obj.values())[0]", id="long-key"),
        pytest.param({float("nan"): len}, "list(obj.values())[0]", id="not-a-number"),
        pytest.param({len}, "list(obj)[0]", id="set"),
        pytest.param(Model({"w": [len]}), "obj.weights['w'][0]", id="attribute"),
        pytest.param(Tagged(a=len), "obj['a']", id="dict-subclass"),
        pytest.param(collections.deque([len]), "obj[0]", id="deque"),
    ],
)
def test_paths_are_what_a_person_writes(thing: object, path: str) -> None:
    assert paths_to(thing, "builtins", "len") == [path]


def test_a_factory_is_an_attribute() -> None:
    thing: dict[str, list[int]] = collections.defaultdict(list)

    assert paths_to(thing, "builtins", "list") == ["obj.default_factory"]


def test_the_shortest_path_comes_first() -> None:
    assert paths_to([[[len]], {"k": len}, len], "builtins", "len") == [
        "obj[2]",
        "obj[1]['k']",
        "obj[0][0][0]",
    ]


def test_attributes_that_are_no_identifiers_are_looked_up() -> None:
    thing = Model(1)
    vars(thing)["two words"] = len
    vars(thing)["class"] = [len]

    found = paths_to(thing, "builtins", "len")

    assert found == ["obj.__dict__['two words']", "obj.__dict__['class'][0]"]


def test_what_the_opcodes_threw_away_has_the_roots_path() -> None:
    found = Paths(read(b"ccollections\nCounter\n)R0]."))

    names = {found.view.name(node): found.path(node) for node in range(len(found.graph))}
    assert names["collections", "Counter"] == "obj"
