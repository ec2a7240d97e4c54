"""Sentinels: instances that a module holds under a name, and that are compared by `is`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_portable.equivalence.guard import attempt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

__all__ = ["constant_name"]


def constant_name(obj: object) -> str | None:
    """Return `module.NAME` where the host keeps this very object as a constant.

    Only instances without state are asked for. The modules are those of the package of the class;
    a bare `object()` may be at home anywhere. The name has to look like that of a constant, or the
    class like one made for a single instance: any test keeps objects in variables.
    """
    kind = type(obj)
    for module in _homes(kind):
        namespace = attempt(vars, module)
        if not isinstance(namespace, dict):
            continue
        for name, value in list(namespace.items()):
            if value is obj and isinstance(name, str) and _is_constant(name, kind):
                return f"{getattr(module, '__name__', '?')}.{name}"
    return None


def _is_constant(name: str, kind: type) -> bool:
    if name.startswith("__"):
        return False
    return name.isupper() or name.startswith("_") or kind.__name__.startswith("_")


def _homes(kind: type) -> Iterator[ModuleType]:
    own = sys.modules.get(str(kind.__module__))
    if own is not None and kind is not object:
        yield own
    package = str(kind.__module__).partition(".")[0]
    for name, module in list(sys.modules.items()):
        if kind is object or name.partition(".")[0] == package:
            yield module
