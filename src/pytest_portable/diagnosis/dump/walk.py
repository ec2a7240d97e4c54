"""Walk to the smallest part that cannot be dumped, by dumping parts.

For picklers without an equivalent in pure Python: every step dumps again, so steps and time are
limited.
"""

from __future__ import annotations

import contextlib
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, Final

from pytest_portable.agent.in_target.asking import MISSING, asked, held_in
from pytest_portable.agent.in_target.parts import text_of_key
from pytest_portable.equivalence.guard import attempt, is_a, module_of, slot_names
from pytest_portable.interrupts import pass_on

__all__ = ["every", "smallest"]

MAX_VISITED: Final = 2000
MAX_SECONDS: Final = 5.0


def smallest(
    obj: object,
    error: BaseException,
    dumps: Callable[[object], bytes],
    root: str,
    *,
    until: object = None,
) -> tuple[str, object, BaseException]:
    """Follow the first part that fails by itself until no part does.

    Args:
        obj: what fails.
        error: what its dump raised.
        dumps: the dump.
        root: name of the object in paths.
        until: a part that is known to be the smallest.

    Returns:
        Path, part and what its dump raised; the deepest known part where the walk stopped early.
    """
    path, current, reason = root, obj, error
    seen = {id(obj)}
    visited, deadline = 0, time.monotonic() + MAX_SECONDS
    while visited < MAX_VISITED and time.monotonic() < deadline and current is not until:
        for suffix, part in _parts(current):
            visited += 1
            if id(part) in seen or visited > MAX_VISITED or time.monotonic() > deadline:
                continue
            failure = _failure(part, dumps)
            if failure is not None:
                seen.add(id(part))
                path, current, reason = path + suffix, part, failure
                break
        else:
            break
    return path, current, reason


def every(
    obj: object, error: BaseException, dumps: Callable[[object], bytes], root: str
) -> list[tuple[str, object, BaseException]]:
    """Return every part that a format of its own refuses, in its own words.

    The items of containers are tried one by one. What an object of another class holds is to blame
    only where it is refused in the same words: a format that does not take the object says that.

    Args:
        obj: what fails.
        error: what its dump raised.
        dumps: the dump.
        root: name of the object in paths.

    Returns:
        Path, part and what its dump raised, at least one.
    """
    found: list[tuple[str, object, BaseException]] = []
    waiting = [(root, obj, error)]
    seen = {id(obj)}
    visited, deadline = 0, time.monotonic() + MAX_SECONDS
    while waiting:
        path, current, reason = waiting.pop()
        failing = []
        for suffix, part in _parts(current):
            visited += 1
            if visited > MAX_VISITED or time.monotonic() > deadline:
                break
            if id(part) in seen:
                continue
            failure = _failure(part, dumps)
            if failure is None or not (_is_container(current) or _is_same(failure, reason)):
                continue
            seen.add(id(part))
            failing.append((path + suffix, part, failure))
        waiting += reversed(failing)
        if not failing:
            found.append((path, current, reason))
    return found


def _is_container(value: object) -> bool:
    return type(value) in {dict, list, tuple}


def _is_same(one: BaseException, other: BaseException) -> bool:
    return type(one) is type(other) and str(one) == str(other)


def _failure(part: object, dumps: Callable[[object], bytes]) -> BaseException | None:
    try:
        dumps(part)
    except BaseException as error:  # noqa: BLE001 - whatever a reducer raises is the answer
        pass_on(error)
        return error
    return None


def _parts(value: object) -> Iterator[tuple[str, object]]:
    """Yield the parts that a dump of `value` would dump, with their path suffixes."""
    if is_a(value, dict):
        for key, item in list(dict.items(value)):
            text = attempt(repr, key)
            yield f"[{text if type(text) is str else text_of_key(key)}]", item
    elif is_a(value, list) or is_a(value, tuple):
        base: Any = list if is_a(value, list) else tuple
        for index, item in enumerate(base.__iter__(value)):
            yield f"[{index}]", item
    elif is_a(value, types.MethodType):
        yield ".__self__", value.__self__
        yield ".__func__", value.__func__
    elif is_a(value, types.FunctionType):
        yield from _function_parts(value)
    elif not issubclass(type(value), (type, types.ModuleType, set, frozenset)):
        yield from _state_parts(value)


def _function_parts(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    for index, cell in enumerate(function.__closure__ or ()):
        with contextlib.suppress(ValueError):  # an empty cell
            yield f".__closure__[{index}].cell_contents", cell.cell_contents
    for index, default in enumerate(function.__defaults__ or ()):
        yield f".__defaults__[{index}]", default
    for name in _global_names(function.__code__):
        if name in function.__globals__:
            yield f".__globals__[{name!r}]", function.__globals__[name]


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)


def _state_parts(value: object) -> Iterator[tuple[str, object]]:
    if module_of(type(value)) in {"functools", "collections"}:
        for name in ("func", "default_factory"):
            part = asked(value, name)
            if part is not None:
                yield f".{name}", part
    for name, part in list(held_in(value).items()):
        yield f".{name}", part
    for name in slot_names(type(value)):
        part = asked(value, name, MISSING)
        if part is not MISSING:
            yield f".{name}", part
