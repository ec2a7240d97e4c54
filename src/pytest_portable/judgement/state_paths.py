"""Paths through what `__getstate__` returns, where that is not what the object holds."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_portable.agent.in_target.asking import is_kind
from pytest_portable.equivalence.guard import bases, instance_attributes
from pytest_portable.interrupts import pass_on
from pytest_portable.verdict import Problem

__all__ = ["with_state_path"]

_MISSING: Final = object()


def with_state_path(problem: Problem, roots: Mapping[str, object]) -> Problem:
    """Write a path so that it evaluates to the part that it names.

    A payload holds states, and its paths read them as attributes. Where a class decides itself
    what its state is, and an attribute of that name is not there or is another object, the path
    goes through `__getstate__()`.

    Args:
        problem: any problem.
        roots: the values that paths begin at.
    """
    path = problem.path
    if path is None or "." not in path:
        return problem
    try:
        node = ast.parse(path, mode="eval").body
    except SyntaxError:
        return problem
    spelled, _ = _spell(node, roots)
    return problem if spelled is None or spelled == path else replace(problem, path=spelled)


def _spell(node: ast.expr, roots: Mapping[str, object]) -> tuple[str | None, object]:
    """Return a path as it evaluates, and its value; no path where nothing of it is changed."""
    if isinstance(node, ast.Name):
        return node.id, roots.get(node.id, _MISSING)
    if isinstance(node, ast.Attribute):
        before, owner = _spell(node.value, roots)
        if before is None or owner is _MISSING:
            return _unread(node, before)
        return _attribute(before, owner, node.attr)
    if isinstance(node, ast.Subscript):
        before, owner = _spell(node.value, roots)
        key = ast.unparse(node.slice)
        text = None if before is None else f"{before}[{key}]"
        try:
            where: Any = ast.literal_eval(node.slice)
            value = owner[where] if type(owner) in {dict, list, tuple} else _MISSING  # type: ignore[index]
        except (ValueError, LookupError, TypeError):
            value = _MISSING
        return text, value
    return _unread(node, None)


def _unread(node: ast.expr, before: str | None) -> tuple[str | None, object]:
    if isinstance(node, ast.Attribute) and before is not None:
        return f"{before}.{node.attr}", _MISSING
    return None, _MISSING


def _attribute(before: str, owner: object, name: str) -> tuple[str, object]:
    plain = f"{before}.{name}"
    held = instance_attributes(owner).get(name, _MISSING)
    if not _decides_its_state(owner):
        return plain, held
    try:
        state = owner.__getstate__()
    except BaseException as error:  # noqa: BLE001 - the user's own code
        pass_on(error)
        return plain, held
    if not is_kind(state, dict) or name not in state or type(state[name]) is type(held):
        return plain, held  # a copy is the same part to whoever reads the path
    if held is _MISSING and hasattr(type(owner), name):
        return plain, state[name]  # a property, most likely
    return f"{before}.__getstate__()[{name!r}]", state[name]


def _decides_its_state(owner: object) -> bool:
    kinds = () if is_kind(owner, type) else bases(type(owner))[:-1]
    return any("__getstate__" in vars(kind) for kind in kinds)
