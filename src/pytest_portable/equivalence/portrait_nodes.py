"""Nodes of a portrait that a stranger wrote: each has what its kind says, and names only others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

__all__ = ["CUT", "check_nodes", "read_portrait"]

# Stands for a part beyond the limit.
CUT: Final = -1
_TYPE_AND_KIND: Final = 2
_PAIR: Final = 2

# Whether a value fits, in a portrait of so many nodes.
_Check: TypeAlias = Callable[[Any, int], bool]


def read_portrait(text: str | bytes) -> list[list[Any]]:
    """Return the nodes of a portrait that a stranger wrote.

    Raises:
        ValueError: it is none.
    """
    try:
        return check_nodes(json.loads(text))
    except RecursionError:
        raise ValueError("a portrait that is nested too deep") from None


def check_nodes(nodes: object) -> list[list[Any]]:
    """Return nodes that a stranger wrote, if they are the nodes of a portrait.

    Raises:
        ValueError: they are none.
    """
    if not isinstance(nodes, list) or not nodes:
        raise ValueError("a portrait without nodes")
    count = len(nodes)
    for node in nodes:
        if not _is_node(node, count):
            raise ValueError(f"no node of a portrait: {node!r:.80}")
    return nodes


def _is_node(node: object, count: int) -> bool:
    """Return whether it is a type, a kind, and what that kind has at the least."""
    if type(node) is not list or len(node) < _TYPE_AND_KIND:
        return False
    name, kind, *values = node
    if type(name) is not str or type(kind) is not str or kind not in _KINDS:
        return False
    least, checks = _KINDS[kind]
    return len(values) >= least and all(
        check(value, count) for check, value in zip(checks, values, strict=False)
    )


def _is_text(value: object, count: int) -> bool:
    del count
    return type(value) is str


def _is_number(value: object, count: int) -> bool:
    del count
    return type(value) is int


def _is_texts(value: object, count: int) -> bool:
    del count
    return type(value) is list and all(type(one) is str for one in value)


def _is_texts_or_nothing(value: object, count: int) -> bool:
    return value is None or _is_texts(value, count)


def _is_numbers(value: object, count: int) -> bool:
    del count
    return type(value) is list and all(type(one) is int for one in value)


def _is_parts(value: object, count: int) -> bool:
    return type(value) is list and all(type(one) is int and CUT <= one < count for one in value)


def _is_pairs(value: object, count: int) -> bool:
    return type(value) is list and all(_is_parts(one, count) and len(one) == _PAIR for one in value)


def _is_attributes(value: object, count: int) -> bool:
    return type(value) is list and all(
        type(one) is list
        and len(one) == _PAIR
        and type(one[0]) is str
        and _is_parts(one[1:], count)
        for one in value
    )


# What an instance holds and lacks, where there is something to say.
_HELD: Final[tuple[_Check, ...]] = (_is_texts_or_nothing, _is_texts, _is_texts)
# By kind, see `agent/in_target/portrait.py`: how many values it has at the least, and what they
# are. Older releases drew fewer.
_KINDS: Final[dict[str, tuple[int, tuple[_Check, ...]]]] = {
    "=": (1, (_is_text,)),
    "text": (3, (_is_text, _is_number, _is_text)),
    "list": (1, (_is_parts,)),
    "set": (1, (_is_parts,)),
    "map": (1, (_is_pairs,)),
    "array": (4, (_is_text, _is_numbers, _is_text, _is_texts_or_nothing)),
    "name": (1, (_is_text, _is_parts)),
    "object": (5, (_is_text, _is_parts, _is_attributes, _is_parts, _is_pairs, *_HELD)),
    "opaque": (1, (_is_text, _is_attributes, *_HELD)),
    "cut": (1, (_is_text,)),
    "raised": (1, (_is_text, _is_texts)),
}
