"""The marks that stand on an item, nearest first, merged into a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pytest_portable.plugin.keys import ADDED, EXTENSIONS, SETTINGS
from pytest_portable.settings.legs import Plan
from pytest_portable.settings.mark_checks import Element, find_mistakes

if TYPE_CHECKING:
    import pytest

    from pytest_portable.settings.options import Checks

__all__ = ["plan_of"]


def _own_marks(node: pytest.Item | pytest.Collector) -> tuple[list[pytest.Mark], list[pytest.Mark]]:
    """Return the marks written on a node and those added late, each nearest first."""
    marks = [
        mark for mark in node.own_markers if mark.name == "portable" and mark is not ADDED.mark
    ]
    written: list[pytest.Mark] = []
    obj = getattr(node, "obj", None)
    if isinstance(obj, type):  # a base class stands farther away
        found = [vars(owner).get("pytestmark", []) for owner in obj.__mro__]
    else:
        found = [getattr(obj, "pytestmark", [])]
    for group in found:
        for mark in group if isinstance(group, list | tuple) else [group]:
            plain = getattr(mark, "mark", mark)
            written += [known for known in marks if known is plain]
    late = [mark for mark in marks if not any(mark is known for known in written)]
    return written, late[::-1]


def _declared(mark: pytest.Mark) -> dict[str, object]:
    """Return the keys of a mark, `pytest.param` elements unwrapped."""

    def unwrap(value: Any) -> object:  # noqa: ANN401 - what pytest.param makes has no name
        if _is_parameter_set(value):
            one = value.values[0] if len(value.values) == 1 else value.values
            return Element(one, None if value.id is None else str(value.id), tuple(value.marks))
        return value

    keys = dict(mark.kwargs)
    if mark.args:
        keys.setdefault("deps", mark.args[0])
    for key in {"python", "serializer", "deps"} & keys.keys():
        value = keys[key]
        if _is_parameter_set(value):
            keys[key] = [unwrap(value)]
        elif isinstance(value, list | tuple):
            keys[key] = [unwrap(element) for element in value]
        elif isinstance(value, dict):
            keys[key] = {name: unwrap(element) for name, element in value.items()}
    return keys


def _is_parameter_set(value: object) -> bool:
    """Return whether `pytest.param` made it; its type has no public name."""
    return all(hasattr(value, name) for name in ("values", "marks", "id"))


def _mistakes_of(mark: pytest.Mark, checks: Checks) -> list[str]:
    mistakes = []
    if len(mark.args) > 1:
        mistakes.append(
            f"{len(mark.args)} positional arguments; valid: one, the list deps: "
            f"portable({list(mark.args)!r})"
        )
    if mark.args and "deps" in mark.kwargs:
        mistakes.append("deps: given twice, by position and by name")
    return mistakes + find_mistakes(_declared(mark), checks)


def plan_of(node: pytest.Item | pytest.Collector) -> tuple[Plan, list[str]]:
    """Return the marks of a node and the options as a plan, and every mistake of the marks."""
    checks = node.config.stash[EXTENSIONS].checks
    layers: list[Mapping[str, object]] = []
    late: list[Mapping[str, object]] = []
    mistakes: list[str] = []
    for owner in cast("list[pytest.Collector]", node.listchain())[::-1]:
        written, added = _own_marks(owner)
        for mark in (*added, *written):
            mistakes += [line for line in _mistakes_of(mark, checks) if line not in mistakes]
        (late if owner is node else layers).extend(_declared(mark) for mark in added)
        layers += [_declared(mark) for mark in written]
    return Plan(layers, node.config.stash[SETTINGS], late), mistakes
