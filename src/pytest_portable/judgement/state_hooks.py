"""Which method of a class decides what its instances send."""

from __future__ import annotations

from typing import Final

__all__ = ["state_hook"]

_HOOKS: Final = ("__getstate__", "__reduce__", "__reduce_ex__", "__setstate__")


def state_hook(value: object) -> str:
    """Name the method that decides what an instance sends, where its class has one."""
    for base in type(value).__mro__[:-1]:
        for name in _HOOKS:
            if name in vars(base):
                return f"{base.__qualname__}.{name}"
    return ""
