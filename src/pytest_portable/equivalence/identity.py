"""Objects that differ from an equal copy: for them it matters whether they are shared."""

from __future__ import annotations

import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Final

from pytest_portable.equivalence.guard import attempt, bases, holds, module_of, static

__all__ = ["has_identity", "is_made_anew"]

ARRAYS: Final = (
    ("numpy", ("ndarray",)),
    ("pandas", ("Index", "api.extensions.ExtensionArray")),
    ("polars", ("Series",)),
    ("xarray", ("Variable",)),
)
"""Arrays and labels: libraries share and copy them as they like."""
TENSORS: Final = (("torch", ("Tensor",)),)
FRESH: Final = frozenset(
    {object, list, dict, set, bytearray, array, deque, defaultdict, OrderedDict, Counter}
)
"""Classes of which every load makes a new instance, and what they hand down to subclasses."""


def has_identity(kind: type) -> bool:
    """Return whether it makes a difference to have two equal instances instead of one.

    It makes none for a value whose class defines `__eq__` and `__hash__` (a tuple, a date, a
    path): an interpreter may share such values or not. It makes none for arrays: joblib writes an
    array once for every place, and shared memory cannot be seen anyway. It makes one for tensors:
    two layers that share a weight are trained together.
    """
    if _is_of(kind, TENSORS):
        return True
    is_value = holds(kind, "__eq__") and static(kind, "__hash__") is not None
    return not is_value and not _is_of(kind, ARRAYS)


def is_made_anew(kind: type) -> bool:
    """Return whether every load makes a new instance: some classes keep one for each value."""
    owners = [
        next(base for base in bases(kind) if name in base.__dict__)
        for name in ("__new__", "__reduce_ex__", "__reduce__")
    ]
    return all(
        owner in FRESH or (module_of(owner) == "builtins" and issubclass(owner, BaseException))
        for owner in owners
    )


def _is_of(kind: type, families: tuple[tuple[str, tuple[str, ...]], ...]) -> bool:
    """Return whether a class inherits from one of some libraries, as far as they are imported."""
    for library, names in families:
        module = sys.modules.get(library)
        for name in names if module is not None else ():
            found: object = module
            for step in name.split("."):
                found = attempt(getattr, found, step)
            if isinstance(found, type) and found in bases(kind):
                return True
    return False
