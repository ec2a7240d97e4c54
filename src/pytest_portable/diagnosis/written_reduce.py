"""Write the `__reduce__` of a class from its own constructor: what it takes, and where it went."""

from __future__ import annotations

import ast
import collections
import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Final

from pytest_portable.equivalence.guard import holds, slot_names

__all__ = ["written_reduce"]

# How a subclass says what its built-in base holds, to give it to the constructor again.
_CONTENT: Final = {
    list: "list(self)",
    tuple: "tuple(self)",
    set: "list(self)",
    frozenset: "list(self)",
    collections.deque: "list(self)",
    dict: "dict(self)",
    int: "int(self)",
    float: "float(self)",
    str: "str(self)",
    bytes: "bytes(self)",
}
# What follows the state, to fill a container which its constructor leaves empty.
_FILLED: Final = {
    list: ", iter(self)",
    collections.deque: ", iter(self)",
    dict: ", None, iter(self.items())",
}
# Where the constructor that a dataclass writes says that its code comes from.
_GENERATED: Final = "<string>"
_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def written_reduce(kind: type) -> str:
    """Return the source of a `__reduce__`, a line each; empty where the constructor does not tell.

    It is told where every argument that the constructor needs is kept as it came: in an
    attribute, in the content of a built-in base, or in the arguments of an exception.
    """
    constructor = _constructor(kind)
    kept, has_content = _kept(kind, constructor) if constructor else ({}, False)
    given = _arguments(constructor, kept) if constructor else None
    rest = _rest(kind, has_content=has_content)
    # A slot that holds anything else would be lost.
    is_whole = all(f"self.{slot}" in kept.values() for slot in slot_names(kind))
    if given is None or rest is None or not is_whole:
        return ""
    positional, keywords = given
    arguments = ", ".join(positional) + ("," if len(positional) == 1 else "")
    made = f"functools.partial(type(self), {', '.join(keywords)})" if keywords else "type(self)"
    lines = ["def __reduce__(self):", f"    return {made}, ({arguments}){rest}"]
    if keywords:
        lines.insert(1, "    import functools")
    return "\n".join(lines)


def _arguments(
    constructor: FunctionType, kept: dict[str, str]
) -> tuple[list[str], list[str]] | None:
    """Return the arguments by position and by keyword; `None` where one that is needed is lost."""
    positional, keywords = [], []
    for one in list(inspect.signature(constructor).parameters.values())[1:]:
        is_keyword = one.kind is one.KEYWORD_ONLY
        if not is_keyword and one.kind not in _POSITIONAL:
            return None
        if one.name not in kept:
            if one.default is one.empty:
                return None
            if not is_keyword:
                break
        elif is_keyword:
            keywords.append(f"{one.name}={kept[one.name]}")
        else:
            positional.append(kept[one.name])
    return (positional, keywords) if positional or keywords else None


def _constructor(kind: type) -> FunctionType | None:
    """Return the `__init__` or `__new__` that Python code of the class or a base defines."""
    for name in ("__init__", "__new__"):
        found = getattr(kind, name, None)
        if isinstance(found, FunctionType):
            return found
    return None


def _kept(kind: type, constructor: FunctionType) -> tuple[dict[str, str], bool]:
    """Return where arguments are kept, as expressions, and whether one is a base's content."""
    if dataclasses.is_dataclass(kind) and constructor.__code__.co_filename == _GENERATED:
        fields = dataclasses.fields(kind)
        return {one.name: f"self.{one.name}" for one in fields if one.init}, False
    try:
        tree = ast.parse(_source(constructor))
    except SyntaxError:
        return {}, False
    names = set(inspect.signature(constructor).parameters)
    content = dict(_given_to_base(kind, tree, names))
    rebound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_set(node)}
    found = {**content, **dict(_assigned(tree, names))}
    is_content = any(not text.startswith("self.") for text in content.values())
    return {name: text for name, text in found.items() if name not in rebound}, is_content


def _is_set(node: ast.Name) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _source(function: FunctionType) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def _assigned(tree: ast.AST, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield arguments that are kept in an attribute as they came."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        value = node.value
        if not isinstance(value, ast.Name) or value.id not in names:
            continue
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                yield value.id, f"self.{target.attr}"


def _given_to_base(kind: type, tree: ast.AST, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield arguments that a built-in base has: as its content, or in `args` of an exception."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in {"__init__", "__new__"}:
            continue
        given = node.args
        if not _is_super(node.func.value) or node.func.attr == "__new__":
            given = given[1:]  # the instance, or the class
        if issubclass(kind, BaseException):
            for index, one in enumerate(given):
                if isinstance(one, ast.Name) and one.id in names:
                    yield one.id, f"self.args[{index}]"
        elif given and isinstance(given[0], ast.Name) and given[0].id in names:
            text = next((text for base, text in _CONTENT.items() if issubclass(kind, base)), "")
            if text:
                yield given[0].id, text


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def _rest(kind: type, *, has_content: bool) -> str | None:
    """Return what follows the arguments: attributes, content; `None` where content is lost."""
    state = "self.__dict__" if kind.__dictoffset__ else "None"
    if holds(kind, "__getstate__"):
        state = "self.__getstate__()"
    if getattr(getattr(kind, "__dataclass_params__", None), "frozen", False):
        state = "None"  # its attributes are its arguments, and cannot be set
    base = next((base for base in _CONTENT if issubclass(kind, base)), None)
    if base is None or has_content:
        return "" if state == "None" else f", {state}"
    if base not in _FILLED:
        return None
    return f", {state}{_FILLED[base]}"
