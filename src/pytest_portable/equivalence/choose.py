"""Which handler compares the instances of a class."""

from __future__ import annotations

import enum
import io
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from types import ModuleType
from typing import Final

from pytest_portable.equivalence.comparators import Comparator, handler_of, library_handler
from pytest_portable.equivalence.containers import CONTAINERS
from pytest_portable.equivalence.definitions import DEFINITIONS, same_class, same_module
from pytest_portable.equivalence.guard import bases
from pytest_portable.equivalence.hashes import with_hash
from pytest_portable.equivalence.instances import (
    by_equality,
    by_structure,
    by_value,
    has_own_equality,
)
from pytest_portable.equivalence.standard import STANDARD, enum_member, exception, moment, stream
from pytest_portable.equivalence.walk import Handler

__all__ = ["chooser"]

EXACT: Final[dict[type, Handler]] = {**CONTAINERS, **DEFINITIONS, **STANDARD}
FAMILIES: Final[tuple[tuple[type, Handler], ...]] = (
    (type, same_class),
    (enum.Enum, enum_member),
    (BaseException, exception),
    (ModuleType, same_module),
    (datetime, moment),
    (time, moment),
    (timedelta, by_value),
    (io.IOBase.__mro__[1], stream),
)


def chooser(comparators: Sequence[Comparator]) -> Callable[[type], Handler]:
    """Return the function that finds a handler: the caller's comparators come first."""

    def choose(kind: type) -> Handler:
        for comparator in comparators:
            if comparator.handles(kind):
                return handler_of(comparator)
        known = EXACT.get(kind) or library_handler(kind)
        return known or with_hash(kind, _family(kind))

    return choose


def _family(kind: type) -> Handler:
    families = bases(kind)
    for family, handler in FAMILIES:
        if family in families:
            return handler
    return by_equality if has_own_equality(kind) else by_structure
