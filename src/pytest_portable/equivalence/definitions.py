"""Functions, classes, modules and wrappers of them, which serializers may send by value."""

from __future__ import annotations

import builtins
import dis
import functools
import sys
from operator import eq
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    CodeType,
    FunctionType,
    GenericAlias,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Final, cast

from pytest_portable.equivalence.guard import (
    FAILED,
    attempt,
    instance_attributes,
    module_of,
    qualname_of,
    space_of,
    static,
)
from pytest_portable.equivalence.mappings import attributes
from pytest_portable.equivalence.paths import INDEX, Path, attribute, suffix
from pytest_portable.equivalence.text import kind_name, shorten
from pytest_portable.equivalence.walk import MISSING, Handler, Walk

__all__ = [
    "DEFINITIONS",
    "by_attributes",
    "is_reachable",
    "leads_somewhere",
    "same_class",
    "same_module",
]

GLOBAL_READS: Final = frozenset(
    {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "STORE_GLOBAL", "DELETE_GLOBAL"}
)
CELL_WRITES: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
CODE_FACTS: Final = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_varnames",
    "co_names",
    "co_freevars",
    "co_cellvars",
    "co_code",
    "co_exceptiontable",
)
"""What code does. Where it stands (file, line) changes on every trip and means nothing."""
CLASS_NOISE: Final = frozenset(
    {
        "__dict__",
        "__weakref__",
        "__module__",
        "__qualname__",
        "__firstlineno__",
        "__static_attributes__",
        "__slotnames__",
        "_abc_impl",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
    }
)
"""Members that the interpreter writes, and caches that fill while the class is used."""


def by_attributes(walk: Walk, pair: tuple[object, object], path: Path, names: list[str]) -> None:
    """Compare two objects by some of their attributes, in this order."""
    for name in reversed(names):
        values = [attempt(getattr, side, name) for side in pair]
        walk.keep(*values)  # a property makes its value when it is read
        walk.push(values[0], values[1], attribute(path, name))


# Code


def _function(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare functions that were rebuilt from their definition."""
    _globals(walk, cast("FunctionType", left), cast("FunctionType", right), path)
    _closure(walk, cast("FunctionType", left), cast("FunctionType", right), path)
    names = ["__name__", "__code__", "__defaults__", "__kwdefaults__", "__annotations__"]
    if not all(map(_has_doc_of_code, (left, right))):
        names.append("__doc__")
    by_attributes(walk, (left, right), path, names)
    attributes(walk, instance_attributes(left), instance_attributes(right), path)
    # dill leaves out a qualified name that equals the name; then code has its own (before 3.11
    # only a name).
    code = cast("FunctionType", right).__code__
    of_code = getattr(code, "co_qualname", code.co_name)
    if cast("FunctionType", right).__qualname__ != of_code:
        by_attributes(walk, (left, right), path, ["__qualname__"])


def _has_doc_of_code(function: object) -> bool:
    """Return whether the docstring is a constant of the code, which is compared anyway."""
    of_code = cast("FunctionType", function).__code__.co_consts[:1] or (None,)
    return cast("FunctionType", function).__doc__ in {None, *map(_text_or_none, of_code)}


def _text_or_none(constant: object) -> str | None:
    return constant if isinstance(constant, str) else None


def _globals(walk: Walk, left: FunctionType, right: FunctionType, path: Path) -> None:
    """Compare the globals that the code names, not the rest of the module."""
    lefts, rights = left.__globals__, right.__globals__
    if lefts is rights:
        return
    place = attribute(path, "__globals__")
    for name in reversed(_names(left.__code__, GLOBAL_READS)):
        if name not in lefts:  # a builtin, or undefined
            continue
        if name in rights:
            walk.rebuilt.add((id(lefts[name]), id(rights[name])))
            walk.push(lefts[name], rights[name], (place, INDEX, name))
        elif lefts[name] is not vars(builtins).get(name, FAILED):
            walk.report((place, INDEX, name), shorten(lefts[name]), MISSING, "global is missing")


def _closure(walk: Walk, left: FunctionType, right: FunctionType, path: Path) -> None:
    """Compare the variables of enclosing functions.

    cloudpickle makes new cells for every function. Sharing of a variable matters only where one of
    the functions writes to it (`nonlocal`): the others do not see the new value.
    """
    cells = left.__closure__ or (), right.__closure__ or ()
    if len(cells[0]) != len(cells[1]):
        return  # their code differs and says so
    written = _names(left.__code__, CELL_WRITES)
    for index in reversed(range(len(cells[0]))):
        pair = cells[0][index], cells[1][index]
        place = suffix(path, f".__closure__[{index}]")
        is_written = left.__code__.co_freevars[index] in written
        if not walk.tie_variable(*pair, is_written=is_written):
            walk.differ(place, *pair, "shared reference lost")
        values = [attempt(getattr, cell, "cell_contents") for cell in pair]
        walk.push(values[0], values[1], attribute(place, "cell_contents"))


def _names(code: CodeType, operations: frozenset[str]) -> list[str]:
    """Return the names that some operations of code use, nested code included."""
    names: dict[str, None] = {}
    waiting = [code]
    while waiting:
        current = waiting.pop()
        for instruction in dis.get_instructions(current):
            if instruction.opname in operations:
                names[str(instruction.argval)] = None
        waiting.extend(part for part in current.co_consts if isinstance(part, CodeType))
    return list(names)


def _code(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare what code does; only the first difference is reported."""
    for name in CODE_FACTS:
        values = getattr(left, name, None), getattr(right, name, None)
        if values[0] != values[1]:
            walk.differ(attribute(path, name), *values, "code differs")
            return
    by_attributes(walk, (left, right), path, ["co_consts"])


def _method(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["__self__", "__func__"])


def _builtin(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare functions written in C: by name, and what they are bound to."""
    names = [getattr(side, "__qualname__", None) for side in (left, right)]
    if names[0] != names[1]:
        walk.differ(path, left, right, "values differ")
        return
    owners = [attempt(getattr, side, "__self__") for side in (left, right)]
    walk.push(owners[0], owners[1], attribute(path, "__self__"))


def _descriptor(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare descriptors of slots and C methods by name."""
    if getattr(left, "__name__", None) != getattr(right, "__name__", None):
        walk.differ(path, left, right, "values differ")


# Classes and modules


def same_class(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two classes that are not the same object.

    A class of the same name was rebuilt: `isinstance` and `==` of the instances fail from then on.
    That is one difference; where it is allowed, the contents of the classes are compared.
    """
    lefts, rights = cast("type", left), cast("type", right)
    if kind_name(lefts) != kind_name(rights):
        walk.differ(path, left, right, "values differ")
    elif walk.class_identity and not _is_remade(walk, lefts, rights):
        walk.differ(path, left, right, f"class {lefts.__name__} is not the same class")
    else:
        members = [
            {name: part for name, part in vars(kind).items() if name not in CLASS_NOISE}
            for kind in (lefts, rights)
        ]
        walk.keep(*members)
        attributes(walk, members[0], members[1], path)  # type: ignore[arg-type]
        by_attributes(walk, (left, right), path, ["__bases__"])


def _is_remade(walk: Walk, left: type, right: type) -> bool:
    """Return whether such classes are made on demand: what they are counts, not which object.

    The standard library makes some, and functions that rebuild instances do. A metaclass may have
    a `==` of its own.
    """
    if (id(left), id(right)) in walk.remade:
        return True
    if type(static(type(left), "__eq__")) is FunctionType and attempt(eq, left, right) is True:
        return True
    home = module_of(left).partition(".")[0]
    return home in sys.stdlib_module_names and not is_reachable(left)


def is_reachable(kind: type) -> bool:
    """Return whether the name of a class leads to something, as far as its module is imported."""
    return leads_somewhere(module_of(kind), qualname_of(kind))


def leads_somewhere(module: str, qualname: str) -> bool:
    """Return whether a module holds something by a name; true where it is not imported."""
    if module not in sys.modules:
        return True
    found: object = sys.modules[module]
    for part in qualname.split("."):
        found = space_of(found).get(part)
    return found is not None


def same_module(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare modules by name: their content depends on the environment, not on the object."""
    names = [getattr(side, "__name__", None) for side in (left, right)]
    if names[0] != names[1]:
        walk.differ(path, left, right, "module differs")


# Wrappers


def _partial(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["func", "args", "keywords"])
    attributes(walk, instance_attributes(left), instance_attributes(right), path)


def _generic(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["__origin__", "__args__"])


def _property(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["fget", "fset", "fdel"])


def _wrapper(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["__func__"])


def _cached(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare two `lru_cache` wrappers without their caches."""
    calls = [attempt(side.cache_parameters) for side in (left, right)]  # type: ignore[attr-defined]
    walk.keep(*calls)
    walk.push(calls[0], calls[1], suffix(path, ".cache_parameters()"))
    by_attributes(walk, (left, right), path, ["__wrapped__"])


DEFINITIONS: Final[dict[type, Handler]] = {
    FunctionType: _function,
    CodeType: _code,
    MethodType: _method,
    BuiltinFunctionType: _builtin,
    MethodWrapperType: _builtin,
    WrapperDescriptorType: _descriptor,
    MethodDescriptorType: _descriptor,
    ClassMethodDescriptorType: _descriptor,
    GetSetDescriptorType: _descriptor,
    MemberDescriptorType: _descriptor,
    ModuleType: same_module,
    functools.partial: _partial,
    GenericAlias: _generic,
    property: _property,
    staticmethod: _wrapper,
    classmethod: _wrapper,
    type(functools.lru_cache(len)): _cached,
}
