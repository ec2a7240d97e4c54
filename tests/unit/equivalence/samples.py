"""Classes to compare, importable so that pickle refers to them; and what tests ask of them."""

from __future__ import annotations

import dataclasses
import enum
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_portable.equivalence import compare

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "MISSING",
    "Color",
    "Level",
    "Lied",
    "Money",
    "Node",
    "Pair",
    "Point",
    "Remembered",
    "Row",
    "Silent",
    "Slotted",
    "changes",
    "counter",
    "make_class",
    "paths",
    "scale",
    "trip",
]


def trip(obj: Any) -> Any:
    """Return a faithful copy."""
    return pickle.loads(pickle.dumps(obj))


def changes(original: object, returned: object, **options: Any) -> list[tuple[str, str]]:
    """Return path and reason of every difference shown."""
    found = compare(original, returned, **options)
    assert bool(found) is (found.count > 0) is bool(found.items)
    return [(item.path, item.reason) for item in found.items]


def paths(original: object, returned: object, **options: Any) -> list[str]:
    """Return the path of every difference shown."""
    return [path for path, _ in changes(original, returned, **options)]


class Node:
    """An instance with attributes and the equality of `object`."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


@dataclasses.dataclass
class Point:
    x: object
    y: object = None


@dataclasses.dataclass(frozen=True)
class Money:
    amount: object


class Slotted:
    __slots__ = ("__hidden", "left", "right")

    def __init__(self, left: object, hidden: object) -> None:
        self.left = left
        self.__hidden = hidden


class Row(NamedTuple):
    name: object
    value: object


class Pair:
    """Reduces to a call, with an equality that its author wrote."""

    def __init__(self, first: object, second: object) -> None:
        self.first, self.second = first, second

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and str(self.first) == str(other.first)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Pair], tuple[object, object]]:
        return type(self), (self.first, self.second)


class Remembered:
    """Carries its hash along."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept = len(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remembered) and self.name == other.name

    def __hash__(self) -> int:
        return self.kept


class Silent:
    """Says no to everything and shows nothing."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class Lied:
    """Claims to be a list, and answers nothing else."""

    def __init__(self, value: object) -> None:
        object.__setattr__(self, "value", value)

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return list
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError


class _Missing:
    __slots__ = ()


MISSING = _Missing()


def get(found: object, default: object = MISSING) -> object:
    return default if found is MISSING else found


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


FACTOR = [2]


def scale(number: int) -> int:
    return number * FACTOR[0]


def counter() -> tuple[Callable[[], None], Callable[[], int]]:
    """Return two functions that share a variable, which one of them writes."""
    number = 0

    def add() -> None:
        nonlocal number
        number += 1

    def read() -> int:
        return number

    return add, read


def make_class(value: object) -> Any:
    """Return a class of one name and a body that depends on `value`."""

    class Made:
        constant = value

        def method(self) -> object:
            return value

    return Made
