"""Read JSON into dataclasses and named tuples by their type hints, and take nothing on trust."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["MalformedRecord", "read_as"]

Kind = TypeVar("Kind")
_Reader: TypeAlias = Callable[[object], Any]


class MalformedRecord(ValueError):  # noqa: N818 - the name says what it is about
    """What no agent of ours writes: a key is missing, or holds another type."""


def read_as(kind: type[Kind], value: object) -> Kind:
    """Return what JSON says as an instance of a class.

    Args:
        kind: a dataclass, read from a table, of which keys without an attribute are left out; or a
            named tuple, read from a list. Hints may be plain types, `X | None`, tuples, sets,
            mappings of text, and other such classes.
        value: what is read.

    Raises:
        MalformedRecord: a key is missing, or holds another type; or it is too deep to be read.
    """
    hint: Any = kind
    try:
        found: Kind = _reader(hint)(value)
    except RecursionError:
        raise MalformedRecord(f"a {kind.__name__} that is nested too deep") from None
    return found


@functools.cache
def _reader(hint: Any) -> _Reader:  # noqa: ANN401 - a type hint
    """Return what reads values of one type; it is made once."""
    if isinstance(hint, UnionType):
        one = _reader(*(each for each in get_args(hint) if each is not NoneType))
        return lambda value: None if value is None else one(value)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Mapping:
        return _table_reader(inner[1])
    if origin is not None:
        is_row = origin is tuple and inner[-1] is not ...
        return _row_reader(inner, tuple) if is_row else _list_reader(inner[0], origin)
    if is_dataclass(hint):
        return _dataclass_reader(hint)
    if issubclass(hint, tuple):
        return _row_reader(tuple(get_type_hints(hint).values()), hint._make)
    return lambda value: _of_type(hint, value)


def _of_type(kind: type[Kind], value: object) -> Kind:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise MalformedRecord(f"{value!r:.80} is no {kind.__name__}")
    return value


def _dataclass_reader(kind: Any) -> _Reader:  # noqa: ANN401 - a class of any attributes
    hints = get_type_hints(kind)
    needed = {
        each.name
        for each in fields(kind)
        if each.default is MISSING and each.default_factory is MISSING
    }
    readers: dict[str, _Reader] = {}

    def read(value: object) -> object:
        table = _of_type(dict, value)
        if not needed <= table.keys():
            raise MalformedRecord(f"{value!r:.80} is no {kind.__name__}: it lacks a key")
        if not readers:  # not before: an attribute may be of the same class
            readers.update((each.name, _reader(hints[each.name])) for each in fields(kind))
        found = {}
        for name, one in readers.items():
            if name in table:
                try:
                    found[name] = one(table[name])
                except MalformedRecord as error:
                    raise MalformedRecord(f"{name}: {error}") from None
        return kind(**found)

    return read


def _table_reader(hint: object) -> _Reader:
    read = _reader(hint)
    return lambda value: {
        _of_type(str, key): read(each) for key, each in _of_type(dict, value).items()
    }


def _list_reader(hint: object, kind: Callable[[Any], object]) -> _Reader:
    read_one = _reader(hint)

    def read(value: object) -> object:
        if not isinstance(value, (list, tuple)):
            raise MalformedRecord(f"{value!r:.80} is no list")
        return kind(map(read_one, value))

    return read


def _row_reader(hints: tuple[object, ...], make: Callable[[Any], object]) -> _Reader:
    readers = tuple(map(_reader, hints))

    def read(value: object) -> object:
        if not isinstance(value, (list, tuple)) or len(value) != len(readers):
            raise MalformedRecord(f"{value!r:.80} is no list of {len(readers)} values")
        return make(one(each) for one, each in zip(readers, value, strict=True))

    return read
