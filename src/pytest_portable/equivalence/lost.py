"""Attributes and elements that an instance holds and its counterpart cannot give."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType, MemberDescriptorType

from pytest_portable.equivalence.guard import (
    attempt,
    bases,
    holds,
    instance_attributes,
    space_of,
    static,
)
from pytest_portable.interrupts import pass_on

__all__ = ["lost_attributes", "lost_elements"]


def lost_attributes(one: object, other: object) -> Iterator[tuple[str, object]]:
    """Yield what can be read by name on one instance and raises `AttributeError` on the other.

    A default of the class, a property and what `__getattr__` answers are given.

    Args:
        one: what was sent.
        other: what came back for it.

    Yields:
        Names and values that the first one holds, in its order; none with two underscores on both
        sides, which belong to Python and its libraries.
    """
    held, there = instance_attributes(one), instance_attributes(other)
    if held.keys() <= there.keys():
        return
    for name, value in held.items():
        if type(name) is not str or name in there:
            continue
        is_own = name.startswith("__") and name.endswith("__")
        if not is_own and not _gives(other, name):
            yield name, value


def lost_elements(one: object, other: object) -> tuple[int, int] | None:
    """Return how many elements two instances have, where that is all one sees of their contents.

    The contents of a class that is written in C, or keeps them elsewhere, are no attributes. What
    its reducer leaves out of them shows in `len` alone.

    Args:
        one: what was sent.
        other: what came back for it, an instance of the same class.

    Returns:
        Both answers of `len`, or `None` where they are the same, are not given, or where the class
        counts its attributes: these are compared themselves.
    """
    counts = static(type(one), "__len__")
    if counts is None or (type(counts) is FunctionType and instance_attributes(one)):
        return None
    here, there = attempt(len, one), attempt(len, other)
    if not isinstance(here, int) or not isinstance(there, int) or here == there:
        return None
    return here, there


def _gives(obj: object, name: str) -> bool:
    """Return whether a name that an instance does not hold can be read all the same."""
    kind = type(obj)
    owner = next((base for base in bases(kind) if name in space_of(base)), None)
    if owner is not None and type(space_of(owner)[name]) is not MemberDescriptorType:
        return True
    is_asked = static(kind, "__getattr__") is not None or holds(kind, "__getattribute__")
    return is_asked and _answers(obj, name)


def _answers(obj: object, name: str) -> bool:
    try:
        getattr(obj, name)
    except AttributeError:
        return False
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything: then it is not missing
        pass_on(error)
        return True
    return True
