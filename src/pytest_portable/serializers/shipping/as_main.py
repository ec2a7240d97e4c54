"""Definitions say that they live in `__main__`, for as long as something is dumped.

dill and cloudpickle send by value what lives in `__main__`. Re-homing in place reaches instances
that were made before: their class is the one that is renamed.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Final

__all__ = ["HOME", "rehomed"]

HOME: Final = "__main__"

# Past whatever a metaclass makes of getting and setting attributes.
_CLASS_MODULE: Final[Any] = type.__dict__["__module__"]
_CLASS_QUALNAME: Final[Any] = type.__dict__["__qualname__"]


@contextlib.contextmanager
def rehomed(is_meant: Callable[[str], bool]) -> Iterator[list[object]]:
    """Let functions and classes live in `__main__`; they go back whatever happens.

    Args:
        is_meant: tells by the name of a module whether what it defines is meant.

    Yields:
        What was re-homed; what its name leads to comes before copies of it.
    """
    homes: list[tuple[object, str]] = []
    try:
        for definition in _definitions(is_meant):
            home = _home_of(definition)
            if _move(definition, HOME):
                homes.append((definition, str(home)))
        yield [definition for definition, _ in homes]
    finally:
        for definition, home in homes:
            _move(definition, home)


def _definitions(is_meant: Callable[[str], bool]) -> list[object]:
    """Find what modules define, wherever it is kept: in instances, closures, other modules."""
    found: dict[int, object] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        # No isinstance: proxies answer it by running code of theirs.
        if kind is FunctionType or issubclass(kind, type):
            home = _home_of(thing)
            if isinstance(home, str) and is_meant(home):
                found[id(thing)] = thing
    # Caches, type variables and the like name their module in themselves.
    for name, module in list(sys.modules.items()):
        if is_meant(name):
            for thing in list(vars(module).values()):
                home = _home_of(thing)
                if isinstance(home, str) and is_meant(home):
                    found[id(thing)] = thing
    return sorted(found.values(), key=_is_hidden)


def _is_hidden(thing: object) -> bool:
    """Tell whether a name does not lead to a definition: a copy that waits for the collector."""
    found: object = sys.modules.get(str(_home_of(thing)))
    name = object.__getattribute__(thing, "__qualname__") if type(thing) is FunctionType else ""
    if issubclass(type(thing), type):
        name = _CLASS_QUALNAME.__get__(thing)
    for part in str(name).split("."):
        namespace = getattr(found, "__dict__", {})
        found = namespace.get(part)
    return found is not thing


def _home_of(thing: object) -> object:
    """Name the module that a definition claims, without running code of its class."""
    kind = type(thing)
    try:
        if issubclass(kind, type):
            return _CLASS_MODULE.__get__(thing)
        if kind is FunctionType:
            return thing.__module__
        return object.__getattribute__(thing, "__dict__").get("__module__")
    except (AttributeError, TypeError):
        return None


def _move(thing: object, home: str) -> bool:
    try:
        if issubclass(type(thing), type):
            _CLASS_MODULE.__set__(thing, home)
        elif type(thing) is FunctionType:
            thing.__module__ = home
        else:
            object.__getattribute__(thing, "__dict__")["__module__"] = home
    except (AttributeError, TypeError):  # classes written in C do not change
        return False
    return True
