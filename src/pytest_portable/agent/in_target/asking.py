"""Ask objects of the user's, whose classes may raise or lie whatever they are asked.

Nothing here raises. What has to be known of a class or an instance is read past its metaclass, its
properties and its `__getattribute__`; what only the object itself can say is asked with a default.
`isinstance` is not used: it asks for `__class__`.
"""

from __future__ import annotations

import sys
import types

if __name__ != "__main__":
    from typing import Any, TypeGuard, TypeVar

    Kind = TypeVar("Kind")

MISSING = object()
# How `__dict__` is read of an instance, and of a module.
DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)
# Of `type` itself: a metaclass may have its own of these names.
read_mro: Any = type.__dict__["__mro__"].__get__
read_bases: Any = type.__dict__["__bases__"].__get__
read_space: Any = type.__dict__["__dict__"].__get__
read_module: Any = type.__dict__["__module__"].__get__
read_qualname: Any = type.__dict__["__qualname__"].__get__
read_names: Any = vars(types.ModuleType)["__dict__"].__get__
read_name: Any = type.__dict__["__name__"].__get__


def module_of(kind: Any) -> str:
    """Return the module that a class says it is from."""
    try:
        found = read_module(kind)
    except BaseException:
        return "?"
    return found if type(found) is str else "?"


def qualname_of(kind: Any) -> str:
    """Return the qualified name of a class."""
    return str(read_qualname(kind))


def is_kind(value: object, *families: type[Kind]) -> TypeGuard[Kind]:
    """Return whether a value is an instance of one of some classes, whatever it claims to be."""
    return issubclass(type(value), families)


def asked(value: object, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default where the object does not give it."""
    try:
        return getattr(value, name, default)
    except BaseException:
        return default


def slot_of(error: BaseException, name: str, default: Any = None) -> Any:
    """Return what every exception holds, such as `args`, past a property of that name."""
    try:
        return BaseException.__dict__[name].__get__(error)
    except BaseException:
        return default


def held_in(value: object) -> dict[Any, Any]:
    """Return what an instance or a module holds in its `__dict__`; an empty one of a class."""
    if type(value) is types.ModuleType:
        return read_names(value)  # type: ignore[no-any-return]
    if is_kind(value, type):
        return {}
    for kind in read_mro(type(value)):
        slot = read_space(kind).get("__dict__")
        if type(slot) in DESCRIPTORS:
            try:
                found = slot.__get__(value, type(value))
            except BaseException:
                return {}
            return found if type(found) is dict else {}
    return {}


def space_of(value: object) -> Any:
    """Return the names that a class, a module or an instance holds."""
    return read_space(value) if is_kind(value, type) else held_in(value)


def named_in(module: str, name: str) -> Any:
    """Return what stands at a dotted name in a module that is there; `MISSING` where nothing."""
    found: Any = sys.modules.get(module, MISSING)
    for part in name.split("."):
        if type(found) is types.ModuleType:
            found = read_names(found).get(part, MISSING)
        elif issubclass(type(found), type):
            spaces = map(read_space, read_mro(found))
            found = next((space[part] for space in spaces if part in space), MISSING)
        else:
            found = held_in(found).get(part, MISSING)
    return found
