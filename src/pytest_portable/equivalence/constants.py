"""Sentinels: instances that a module holds under a name, and that are compared by `is`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

from pytest_portable.equivalence.guard import attempt

__all__ = ["constants_of"]


def constants_of(kind: type) -> dict[int, str]:
    """Return the constants of a class that the host's modules hold: `module.NAME` by id.

    The modules are those of the package of the class; a bare `object()` may be in any module.
    The name has to look like that of a constant, or the class like one made for a single
    instance, because modules of tests hold ordinary objects too.
    """
    found: dict[int, str] = {}
    for module in _homes(kind):
        namespace = attempt(vars, module)
        if not isinstance(namespace, dict):  # `sys.modules` may hold any object
            continue
        for name, value in list(namespace.items()):
            if type(value) is kind and isinstance(name, str) and _is_constant(name, kind):
                found.setdefault(id(value), f"{namespace.get('__name__', '?')}.{name}")
    return found


def _is_constant(name: str, kind: type) -> bool:
    if name.startswith("__"):
        return False
    return name.isupper() or name.startswith("_") or kind.__name__.startswith("_")


def _homes(kind: type) -> Iterator[ModuleType]:
    """Return modules, that of the class first: it has the best-known name of a constant."""
    home = str(kind.__module__)
    if kind is not object and home in sys.modules:
        yield sys.modules[home]
    package = home.partition(".")[0]
    for name, module in list(sys.modules.items()):
        if kind is object or name.partition(".")[0] == package:
            yield module
