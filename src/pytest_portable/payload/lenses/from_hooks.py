"""Lenses that conftest files and plugins add, for reducers that only they know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from pytest_portable.errors import OptionError
from pytest_portable.payload.lenses.view import LENSES, STATES, Edge, Lens, View

__all__ = ["check_lenses", "register_lenses"]

_HOOK: Final = "pytest_portable_lenses"
_STATE: Final = ".__setstate__"
_EDGE_FIELDS: Final = 2
_MISSING: Final[object] = object()


def check_lenses(answers: Iterable[object]) -> dict[str, Lens]:
    """Return the lenses in the answers to the hook, by the name that each is for.

    Raises:
        OptionError: an answer is no dict of functions by dotted names; all mistakes at once.
    """
    found: dict[str, Lens] = {}
    mistakes: list[str] = []
    for answer in answers:
        if not isinstance(answer, Mapping):
            mistakes.append(
                f"{answer!r} is no dict; return functions by the callables they are for: "
                "{'mylib.rebuild': rebuilt}"
            )
            continue
        for name, function in answer.items():
            mistake = _find_mistake(name, function)
            if mistake:
                mistakes.append(mistake)
            else:
                found[name] = _checked(name, function)
    if mistakes:
        raise OptionError([f"{_HOOK}: {mistake}" for mistake in mistakes])
    return found


def register_lenses(lenses: Mapping[str, Lens]) -> Callable[[], None]:
    """Register more lenses for all graphs; they replace ours of the same names.

    Returns:
        A function that removes them and puts ours back.
    """
    undo: list[tuple[dict[str, Lens], str, object]] = []
    for name, function in lenses.items():
        table = STATES if name.endswith(_STATE) else LENSES
        key = name.removesuffix(_STATE)
        undo.append((table, key, table.get(key, _MISSING)))
        table[key] = function

    def remove() -> None:
        while undo:
            table, key, covered = undo.pop()
            if callable(covered):
                table[key] = covered
            else:
                table.pop(key, None)

    return remove


def _find_mistake(name: object, function: object) -> str | None:
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        return f"{name!r} is no dotted name of a callable, such as 'mylib.rebuild'"
    if "." not in name.removesuffix(_STATE):
        return f"{name!r} lacks its module, as in 'mylib.{name}'"
    if isinstance(function, type) or not callable(function):
        return f"{name!r}: {function!r} is no function of (view, node, arguments)"
    return None


def _checked(name: str, function: Lens) -> Lens:
    """Wrap a lens so that its mistakes are reported with its name."""

    def look(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
        try:
            edges = list(function(view, node, arguments))
        except Exception as error:
            mistake = f"the lens for {name!r} raised {error!r}"
            raise OptionError([f"{_HOOK}: {mistake} on {len(arguments)} arguments"]) from error
        for edge in edges:
            if not _is_edge(edge, len(view.graph)):
                mistake = f"the lens for {name!r} gave {edge!r}"
                wanted = "pairs of a label and a node, such as ('.source', arguments[0])"
                raise OptionError([f"{_HOOK}: {mistake}; it is to give {wanted}"])
        return edges

    return look


def _is_edge(edge: object, nodes: int) -> bool:
    if not isinstance(edge, tuple) or len(edge) != _EDGE_FIELDS:
        return False
    label, child = edge
    return isinstance(label, str) and type(child) is int and 0 <= child < nodes
