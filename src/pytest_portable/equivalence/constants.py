"""Sentinels: instances that a module holds under a name, and that its code compares by `is`."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Final

from pytest_portable.equivalence.guard import attempt, is_a, module_of, space_of

__all__ = ["sentinels_of"]

COMPARISONS: Final = frozenset({"IS_OP", "CONTAINS_OP"})
"""Where the class has no `==` of its own, `==` and `in` ask for the very object too."""
LITERALS: Final = frozenset({"LOAD_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT"})
"""A text that happens to be the name of something loads nothing of that name."""
REACH: Final = 3
"""How many instructions before a comparison its operands are loaded, where they are plain names."""


def sentinels_of(kind: type, *, is_bare: bool) -> dict[int, str]:
    """Return the sentinels of a class: `module.NAME` by id.

    The module of the class holds them. Those without attributes may be held by any module of its
    package, and a bare `object()`, which is good for nothing else, by any module. Code of the
    package asks whether something is that very object: without that, a copy does as well.
    """
    held = {
        id(value): f"{module.__name__}.{name}"
        for module in reversed(list(_homes(kind, is_bare=is_bare)))
        for name, value in reversed(list(_namespace(module).items()))
        if type(value) is kind and isinstance(name, str) and _is_constant(name, kind)
    }
    if kind is object or not held:
        return held
    asked = _asked_for(held, _package(module_of(kind)))
    return {number: name for number, name in held.items() if number in asked}


def _asked_for(held: dict[int, str], modules: list[ModuleType]) -> set[int]:
    """Return those that code of some modules compares, under whatever name it knows them."""
    own = {name.rpartition(".")[2]: number for number, name in held.items()}
    asked: set[int] = set()
    for module in modules:
        namespace = _namespace(module)
        here = {str(name): id(value) for name, value in namespace.items() if id(value) in held}
        known = {**own, **here}
        for code in _codes(namespace):
            if not known.keys().isdisjoint((*code.co_names, *code.co_freevars)):
                asked.update(known[name] for name in _compared(code) if name in known)
    return asked


def _namespace(module: ModuleType) -> dict[object, object]:
    found = attempt(vars, module)  # `sys.modules` may hold any object
    return dict(found) if isinstance(found, dict) else {}


def _is_constant(name: str, kind: type) -> bool:
    """Return whether a name may be that of a constant; modules of tests hold any `object()`."""
    if name.startswith("__"):
        return False
    return kind is not object or name.isupper() or name.startswith("_")


def _homes(kind: type, *, is_bare: bool) -> Iterator[ModuleType]:
    """Return modules, that of the class first: it has the best-known name of a constant."""
    home = module_of(kind)
    if kind is not object and home in sys.modules:
        yield sys.modules[home]
    if kind is object:
        yield from list(sys.modules.values())
    elif is_bare:
        yield from _package(home)


def _package(module: str) -> list[ModuleType]:
    """Return the imported modules of the package that a module belongs to."""
    package = module.partition(".")[0]
    return [one for name, one in list(sys.modules.items()) if name.partition(".")[0] == package]


def _codes(namespace: dict[object, object]) -> Iterator[CodeType]:
    """Give the code of a module's functions and of its classes' methods, nested code included."""
    waiting: list[object] = list(namespace.values())
    for value in namespace.values():
        if is_a(value, type) and module_of(value) == namespace.get("__name__"):
            waiting.extend(space_of(value).values())
    while waiting:
        one = waiting.pop()
        if isinstance(one, (classmethod, staticmethod)):
            one = one.__func__
        elif isinstance(one, property):
            one = one.fget
        if isinstance(one, FunctionType):
            one = one.__code__
        if isinstance(one, CodeType):
            yield one
            waiting.extend(part for part in one.co_consts if isinstance(part, CodeType))


def _compared(code: CodeType) -> Iterator[str]:
    """Give the names that are loaded right before a comparison."""
    loaded: list[str] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname in COMPARISONS or (
            instruction.opname == "COMPARE_OP" and str(instruction.argval)[:2] in {"==", "!="}
        ):
            yield from loaded[-REACH:]
        is_named = instruction.opname.startswith("LOAD") and instruction.opname not in LITERALS
        name = str(instruction.argval) if is_named else ""
        if loaded and instruction.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            loaded[-1] = name  # of what was loaded before, this is compared
        else:
            loaded.append(name)
