"""Instances that a load looks up instead of making them: loggers, registries, singletons."""

from __future__ import annotations

import enum
import sys
from types import ModuleType
from typing import Final

from pytest_portable.equivalence.guard import bases, holds, instance_attributes, module_of, static

__all__ = ["is_answered", "may_be_looked_up"]

HEAP_TYPE: Final = 1 << 9
"""Flag of classes that were made by a `class` statement, or could have been."""


def may_be_looked_up(kind: type) -> bool:
    """Return whether it says something that an instance came back as the very same object.

    It says nothing for classes, functions, modules and members of enums, which are sent by name,
    and for values (they define `==` and a hash), of which an interpreter may keep one.
    """
    families = bases(kind)
    if not {type, ModuleType, enum.Enum}.isdisjoint(families):
        return False
    if module_of(kind) in {"builtins", "typing"}:
        return False
    # What compilers make of a `def`, and ufuncs, are functions too: they carry their own name.
    if holds(kind, "__call__") and (holds(kind, "__qualname__") or holds(kind, "__name__")):
        return False
    return not holds(kind, "__eq__") or static(kind, "__hash__") is None


def is_answered(obj: object) -> bool:
    """Return whether an object that both sides share may be another one elsewhere.

    What C code keeps once and for all, and holds no attributes, is the same everywhere.
    """
    kind = type(obj)
    if not may_be_looked_up(kind):
        return False
    if instance_attributes(obj):
        return True
    is_standard = module_of(kind).partition(".")[0] in sys.stdlib_module_names
    return bool(kind.__flags__ & HEAP_TYPE) and not is_standard
