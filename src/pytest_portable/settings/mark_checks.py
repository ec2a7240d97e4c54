"""The keys of the mark: what each accepts, and the mistakes in a value.

A key is checked by itself here; `legs` merges the marks and checks the keys together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

from pytest_portable.errors import near
from pytest_portable.settings.options import Checks

__all__ = ["KEYS", "Element", "find_mistakes", "parse_size"]

_HIGHEST_PROTOCOL: Final = 5


@dataclass(frozen=True)
class Element:
    """One element of a list or dict: its value, and the id and marks of its `pytest.param`."""

    value: object
    id: str | None = None
    marks: tuple[object, ...] = ()


class _Key(NamedTuple):
    valid: str
    check: Callable[[object, Checks], Iterator[str]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _expect(test: Callable[[object], bool]) -> Callable[[object, Checks], Iterator[str]]:
    def check(value: object, _checks: Checks) -> Iterator[str]:
        if not test(value):
            yield f"{value!r} is not valid"

    return check


def _elements(value: object) -> list[object]:
    """Return the elements of a list without their `pytest.param`."""
    many = value if isinstance(value, list | tuple) and not hasattr(value, "marks") else [value]
    return [element.value if isinstance(element, Element) else element for element in many]


def _check_python(value: object, checks: Checks) -> Iterator[str]:
    if not (specs := _elements(value)):
        yield "the list is empty"
    for spec in specs:
        if not isinstance(spec, str):
            yield f"{spec!r} is not a string{_as_text(spec)}"
        elif trouble := checks.python(spec):
            yield trouble


def _as_text(spec: object) -> str:
    if not isinstance(spec, float | int):
        return ""
    if spec == 3.1:  # noqa: PLR2004 - what Python makes of 3.10
        return '; as a number 3.10 is the same as 3.1: write "3.10"'
    return f'; write "{spec}"'


def _check_serializer(value: object, checks: Checks) -> Iterator[str]:
    if not (named := _elements(value)):
        yield "the list is empty"
    seen: dict[object, object] = {}
    for element in named:
        if trouble := checks.serializer(element):
            yield trouble
        elif seen.setdefault(name := getattr(element, "name", element), element) is not element:
            yield f"two serializers of the list are named {name!r}"


def _valid(key: str, trouble: str) -> str:
    """Return what is valid; nothing where the message says it, or is about what to install."""
    if "(known: " in trouble or "; pip install" in trouble:
        return ""
    return f" (valid: {KEYS[key].valid})"


def _check_deps(value: object, checks: Checks) -> Iterator[str]:
    if isinstance(value, dict):
        if not value:
            yield "the dict is empty"
        for name, lines in value.items():
            if not isinstance(name, str) or not name:
                yield f"the id {name!r} is not a word"
            yield from _check_lines(lines, checks)
    elif value is not None:
        yield from _check_lines(value, checks)


def _check_lines(lines: object, checks: Checks) -> Iterator[str]:
    if isinstance(lines, Element):
        lines = lines.value
    if not isinstance(lines, list | tuple):
        hint = f"; write [{lines!r}]" if isinstance(lines, str) else ""
        yield f"{lines!r} is not a list{hint}"
        return
    for line in lines:
        if not isinstance(line, str):
            yield f"{line!r} is not a string"
        elif trouble := checks.requirement(line) or checks.place(line):
            yield trouble


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _expect_names(value: object, _checks: Checks) -> Iterator[str]:
    if not _is_texts(value):
        hint = f"; write [{value!r}]" if isinstance(value, str) else ""
        yield f"{value!r} is not a list of names{hint}"
        return
    for name in cast("list[str]", value):
        if not all(part.isidentifier() for part in name.split(".")):
            yield f"{name!r} is not the name of a module"


def _check_absent(value: object, checks: Checks) -> Iterator[str]:
    if not _is_texts(value):
        hint = f"; write [{value!r}]" if isinstance(value, str) else ""
        yield f"{value!r} is not a list of distributions{hint}"
        return
    for name in cast("list[str]", value):
        if trouble := checks.requirement(name):
            yield trouble


_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "via": frozenset({"deps", "python", "opaque"}),
    "producer": frozenset({"deps", "python", "make"}),
}


def _check_end(key: str, end: object, checks: Checks) -> Iterator[str]:
    """Check one environment of a route, or the producer's."""
    if not isinstance(end, dict):
        yield f"{end!r} is not a dict"
        return
    valid = _ENDS[key]
    for word, value in end.items():
        if word not in valid:
            yield f"unknown key {word!r}{near(str(word), valid)} ({', '.join(sorted(valid))})"
        elif word == "deps":
            yield from _check_lines(value, checks)
        elif word == "python" and isinstance(value, list | tuple):
            yield f"python: {value!r} is a list; one environment has one Python"
        elif word == "python":
            yield from _check_python(value, checks)
        elif word == "make" and not (isinstance(value, str) and value.count(":") == 1):
            yield f"make: {value!r} is not 'module:function'"
        elif word == "opaque" and not isinstance(value, bool):
            yield f"opaque: {value!r} is neither True nor False"


def _check_via(value: object, checks: Checks) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{value!r} is not a list"
        return
    for end in value:
        yield from _check_end("via", end, checks)


def _check_producer(value: object, checks: Checks) -> Iterator[str]:
    if value is None:
        return
    yield from _check_end("producer", value, checks)
    if isinstance(value, dict) and "make" not in value:
        yield "make is missing"


def _is_env(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(word, str) for pair in value.items() for word in pair
    )


def _is_protocol(value: object) -> bool:
    return value is None or (type(value) is int and 0 <= value <= _HIGHEST_PROTOCOL)


def parse_size(value: object) -> int | None:
    """Read a size in bytes: a number, or text such as `"10 MB"`; `None` where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value > 0 else None
    found = isinstance(value, str) and re.fullmatch(
        r"(\d+(?:\.\d+)?)\s*(?:([kmg])(i)?)?b?", value.strip(), re.IGNORECASE
    )
    if not found:
        return None
    power = " kmg".index((found[2] or " ").lower())
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power) or None


_flag = _Key("True or False", _expect(lambda value: isinstance(value, bool)))
_tolerance = _Key(
    "a number of 0 or more",
    _expect(lambda value: value is None or (_is_number(value) and cast("float", value) >= 0)),
)

KEYS: Final[Mapping[str, _Key]] = {
    "deps": _Key(
        "a list of requirement lines, a dict of id to such a list, or None with a path as python",
        _check_deps,
    ),
    "python": _Key("'3.11', '>=3.10,<3.13', 'pypy3.10', a path, or a list of these", _check_python),
    "serializer": _Key("a known name, a Serializer, or a list of these", _check_serializer),
    "protocol": _Key(f"a number from 0 to {_HIGHEST_PROTOCOL}", _expect(_is_protocol)),
    "options": _Key(
        "a dict of keyword arguments of the serializer's dump",
        _expect(lambda value: isinstance(value, dict) and all(isinstance(k, str) for k in value)),
    ),
    "install_serializer": _flag,
    "timeout": _Key(
        "a number of seconds above 0",
        _expect(lambda value: _is_number(value) and cast("float", value) > 0),
    ),
    "env": _Key("a dict of str to str", _expect(_is_env)),
    "round_trip": _flag,
    "allow_bytecode": _flag,
    "warnings": _Key(
        "'report', 'error' or 'ignore'",
        _expect(lambda value: value in ("report", "error", "ignore")),
    ),
    "rtol": _tolerance,
    "atol": _tolerance,
    "signed_zero": _flag,
    "seed": _Key(
        "a number from 0 to 4294967295",
        _expect(lambda value: value is None or (type(value) is int and 0 <= value < 2**32)),
    ),
    "by_value": _Key("a list of module names", _expect_names),
    "ship": _Key("a list of import packages", _expect_names),
    "as_main": _flag,
    "absent": _Key("a list of distribution names", _check_absent),
    "preload": _Key("a list of module names", _expect_names),
    "via": _Key("a list of dicts with deps, python, opaque", _check_via),
    "producer": _Key("a dict with make='module:function', deps, python", _check_producer),
    "forbid": _Key("a list of module names", _expect_names),
    "max_size": _Key(
        "a number of bytes, or text such as '10 MB'",
        _expect(lambda value: value is None or parse_size(value) is not None),
    ),
}


def find_mistakes(declared: Mapping[str, object], checks: Checks) -> list[str]:
    """Return every mistake in the keys of one mark.

    Args:
        declared: the mark's keys, `pytest.param` elements as `Element`.
        checks: the functions that find mistakes in specs, lines and names.

    Returns:
        One line each: the key, what was found, what is valid, the near spelling.
    """
    mistakes = []
    for key, value in declared.items():
        if key not in KEYS:
            mistakes.append(f"unknown key {key!r}{near(key, KEYS)} (valid: {', '.join(KEYS)})")
            continue
        mistakes += [
            f"{key}: {trouble}{_valid(key, trouble)}" for trouble in KEYS[key].check(value, checks)
        ]
    return mistakes
