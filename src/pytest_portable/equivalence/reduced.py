"""What instances reduce to: `(function, arguments, state, list items, dict items)`."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from types import FunctionType
from typing import Final, cast

from pytest_portable.equivalence.containers import elements
from pytest_portable.equivalence.guard import FAILED, holds, instance_attributes, static
from pytest_portable.equivalence.mappings import attributes, mapping
from pytest_portable.equivalence.paths import ATTRIBUTE, CALL, INDEX, Path, suffix
from pytest_portable.equivalence.text import kind_name
from pytest_portable.equivalence.walk import Walk

__all__ = ["reduced"]

PAIR: Final = 2  # the state of a class with slots: (__dict__ or None, slots)


def reduced(
    walk: Walk,
    pair: tuple[object, object],
    parts: tuple[tuple[object, ...], tuple[object, ...]],
    path: Path,
) -> bool:
    """Compare `(function, arguments, state, list items, dict items)`, none of them called."""
    one, other = (list(side[:5]) + [None] * (5 - len(side)) for side in parts)
    _items(walk, (one[3], other[3]), (one[4], other[4]), path)
    _state(walk, pair, (one[2], other[2]), path)
    call = _call(type(pair[0]), path)
    arguments = [side[1] if isinstance(side[1], tuple) else () for side in (one, other)]
    if len(arguments[0]) != len(arguments[1]):
        walk.differ(suffix(call, "[1]"), arguments[0], arguments[1], "values differ")
    else:
        states = [_named(side[2]) or {} for side in (one, other)]
        _arguments(walk, pair, arguments, states, (path, suffix(call, "[1]")))
    walk.push(one[0], other[0], suffix(call, "[0]"))
    return True


def _call(kind: type, path: Path) -> Path:
    """Return the expression that reduces an instance of a class."""
    if kind in copyreg.dispatch_table:
        return (path, CALL, f"copyreg.dispatch_table[{kind_name(kind)}]")
    return suffix(path, ".__reduce_ex__(4)")


def _arguments(
    walk: Walk,
    pair: tuple[object, object],
    arguments: list[tuple[object, ...]],
    states: list[dict[str, object]],
    places: tuple[Path, Path],
) -> None:
    """Compare the arguments of a reconstructor, under the attributes that hold them.

    Arguments that are part of the state too are compared there.
    """
    held = [instance_attributes(side) for side in pair]
    names: dict[int, object] = {}
    for name, value in held[0].items():
        for position, sides in enumerate(zip(*arguments, strict=True)):
            if sides[0] is value and sides[1] is held[1].get(name, FAILED):
                names.setdefault(position, name)
    rest = [position for position in range(len(arguments[0])) if position not in names]
    named = {
        position: name
        for position, name in names.items()
        if any(
            state.get(str(name), FAILED) is not side[name]
            for state, side in zip(states, held, strict=True)
        )
    }
    for positions, path, step, labels in (
        (rest, places[1], INDEX, rest),
        (list(named), places[0], ATTRIBUTE, list(named.values())),
    ):
        lefts, rights = [[side[position] for position in positions] for side in arguments]
        walk.sequence(lefts, rights, path, step=step, labels=labels)


def _items(
    walk: Walk, lists: tuple[object, object], dicts: tuple[object, object], path: Path
) -> None:
    """Compare the elements that a pickler would append and set."""
    if any(dicts):
        made = [dict(cast("Iterable[tuple[object, object]]", side or ())) for side in dicts]
        walk.keep(*made)
        mapping(walk, made[0], made[1], path)
    if any(lists):
        rows = [list(cast("Iterable[object]", side or ())) for side in lists]
        walk.keep(*rows)
        elements(walk, rows[0], rows[1], path)


def _state(
    walk: Walk, pair: tuple[object, object], states: tuple[object, object], path: Path
) -> None:
    """Compare two states; one of names and values is compared as attributes."""
    one, other = _named(states[0]), _named(states[1])
    kind = type(pair[0])
    is_asked = holds(kind, "__getstate__") and type(static(kind, "__reduce__")) is not FunctionType
    place = suffix(path, ".__getstate__()") if is_asked else suffix(_call(kind, path), "[2]")
    if one is None or other is None:
        walk.push(*states, place)
        return
    known = [instance_attributes(side) for side in pair]

    def is_attribute(name: str) -> bool:
        answers = [
            side[name] is held[name]
            for side, held in zip((one, other), known, strict=True)
            if name in side and name in held
        ]
        return all(answers) if answers else static(kind, name) is not None

    rest = [{key: side[key] for key in side if not is_attribute(key)} for side in (one, other)]
    if rest[0] or rest[1]:
        walk.keep(*rest)
        mapping(walk, rest[0], rest[1], place)
    walk.keep(one, other)
    attributes(
        walk,
        {key: value for key, value in one.items() if key not in rest[0]},
        {key: value for key, value in other.items() if key not in rest[1]},
        path,
    )


def _named(state: object) -> dict[str, object] | None:
    """Return a state as names and values, or `None` when it is none of the usual forms."""
    if state is None:
        return {}
    if isinstance(state, dict) and set(map(type, state)) <= {str}:
        inner = state.get("__dict__")
        if isinstance(inner, dict):  # pydantic keeps the fields apart from its internal state
            return {**inner, **{key: state[key] for key in state if key != "__dict__"}}
        return state
    pair = state if isinstance(state, tuple) and len(state) == PAIR else (0, 0)
    if isinstance(pair[0], (dict, type(None))) and isinstance(pair[1], dict):
        merged = {**(pair[0] or {}), **pair[1]}
        return merged if set(map(type, merged)) <= {str} else None
    return None
