"""A `Portable` like another one, but for what a test changes of it."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable.portable import Portable

__all__ = ["changed", "with_serializer"]


def changed(portable: Portable, **parts: object) -> Portable:
    """Return a `Portable` whose checker has other parts."""
    return Portable(replace(portable._checker, **parts))  # type: ignore[arg-type]


def with_serializer(portable: Portable, **parts: object) -> Portable:
    """Return a `Portable` whose serializer has other parts."""
    serializer = replace(portable._checker.serializer, **parts)  # type: ignore[arg-type]
    return changed(portable, serializer=serializer)
