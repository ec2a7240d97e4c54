"""Move definitions to `__main__` for the time of a dump.

dill and cloudpickle send by value what is defined in `__main__`. `__module__` is changed in place,
so that it holds for classes of existing instances too.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Final

__all__ = ["HOME", "SPAWNED", "rehomed"]

HOME: Final = "__main__"
# What a process that `multiprocessing` spawns calls its main module too, and what it sends back.
SPAWNED: Final = "__mp_main__"

# Without calling a metaclass's own methods for getting and setting attributes.
_CLASS_MODULE: Final[Any] = type.__dict__["__module__"]
_CLASS_QUALNAME: Final[Any] = type.__dict__["__qualname__"]


@contextlib.contextmanager
def rehomed(is_meant: Callable[[str], bool]) -> Iterator[list[object]]:
    """Move functions and classes to `__main__`, and back, also after an error.

    Args:
        is_meant: returns whether the definitions of a module, by its name, are to be moved.

    Yields:
        What was moved; definitions that their name leads to come before copies of them.
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
    """Yield what modules define, wherever it is referred to: instances, closures, other modules."""
    found: dict[int, object] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        # Not isinstance, for which proxies run their own code.
        if kind is FunctionType or issubclass(kind, type):
            home = _home_of(thing)
            if isinstance(home, str) and is_meant(home):
                found[id(thing)] = thing
    # Caches, type variables and similar objects keep the name of their module themselves.
    for name, module in list(sys.modules.items()):
        if is_meant(name):
            for thing in list(vars(module).values()):
                home = _home_of(thing)
                if isinstance(home, str) and is_meant(home):
                    found[id(thing)] = thing
    return sorted(found.values(), key=_is_hidden)


def _is_hidden(thing: object) -> bool:
    """Return whether its name does not lead to a definition, as for a garbage copy."""
    found: object = sys.modules.get(str(_home_of(thing)))
    name = object.__getattribute__(thing, "__qualname__") if type(thing) is FunctionType else ""
    if issubclass(type(thing), type):
        name = _CLASS_QUALNAME.__get__(thing)
    for part in str(name).split("."):
        namespace = getattr(found, "__dict__", {})
        found = namespace.get(part)
    return found is not thing


def _home_of(thing: object) -> object:
    """Return `__module__` of a definition, without running code of its class."""
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
