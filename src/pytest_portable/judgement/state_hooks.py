"""Which method of a class decides what its instances send."""

from __future__ import annotations

from typing import Final

from pytest_portable.agent.in_target.asking import read_space
from pytest_portable.equivalence.guard import bases, qualname_of

__all__ = ["state_hook"]

_HOOKS: Final = ("__getstate__", "__reduce__", "__reduce_ex__", "__setstate__")


def state_hook(value: object) -> str:
    """Name the method that decides what an instance sends, where its class has one."""
    for base in bases(type(value))[:-1]:
        for name in _HOOKS:
            if name in read_space(base):
                return f"{qualname_of(base)}.{name}"
    return ""
