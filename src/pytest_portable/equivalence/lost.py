"""Attributes that an instance holds and its counterpart cannot give."""

from __future__ import annotations

from collections.abc import Iterator
from types import MemberDescriptorType

from pytest_portable.equivalence.guard import bases, holds, instance_attributes, static

__all__ = ["lost_attributes"]


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


def _gives(obj: object, name: str) -> bool:
    """Return whether a name that an instance does not hold can be read all the same."""
    kind = type(obj)
    owner = next((base for base in bases(kind) if name in base.__dict__), None)
    if owner is not None and not isinstance(owner.__dict__[name], MemberDescriptorType):
        return True
    is_asked = static(kind, "__getattr__") is not None or holds(kind, "__getattribute__")
    return is_asked and _answers(obj, name)


def _answers(obj: object, name: str) -> bool:
    try:
        getattr(obj, name)
    except AttributeError:
        return False
    except Exception:  # noqa: BLE001 - foreign code may raise anything: then it is not missing
        return True
    return True
