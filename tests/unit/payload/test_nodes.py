from __future__ import annotations

import pickle
import sys

import pytest

from pytest_portable.payload.graph import read


def test_text_opcodes_of_the_oldest_protocol_are_decoded() -> None:
    graph = read(
        b"(I01\nI00\nI-5\nL7L\nL8\nF1.5\nS'a\\x41'\nV\\u0142\nPwhere\nT\x02\0\0\0okU\x01xt."
    )

    values = [graph.value(node) for node in graph.children(graph.root)]
    assert values == [True, False, -5, 7, 8, 1.5, "aA", "ł", "where", "ok", "x"]


def test_a_node_says_what_it_is_and_where() -> None:
    payload = pickle.dumps({"a": [1]}, 4)
    graph = read(payload)

    (pair,) = graph.key_values(graph.root)
    start, end = graph.span(pair[0])
    assert [graph.kind(node) for node in (graph.root, *pair)] == ["dict", "leaf", "list"]
    assert payload[start:end] == b"\x8c\x01a"
    assert graph.own_bytes(pair[0]) == 3
    assert graph.entries(graph.root) == {"a": pair[1]}


def test_values_that_make_no_sense_are_none() -> None:
    graph = read(b"(Fnope\nInope\nS'\\x'\n\x8c\x02\xff\xfe]t.")

    assert [graph.value(node) for node in graph.children(graph.root)] == [None] * 5


def test_an_empty_graph_has_no_node_anywhere() -> None:
    graph = read(b"", partial=True)

    assert (graph.root, graph.node_at(5), len(graph)) == (-1, -1, 0)


@pytest.mark.parametrize("count", [1000, 4000])
def test_nodes_take_little_memory_each(count: int) -> None:
    graph = read(pickle.dumps(list(range(count)), 4))

    size = sys.getsizeof(graph.kinds) + sys.getsizeof(graph.offsets) + sys.getsizeof(graph.parts)
    assert size < 25 * count
