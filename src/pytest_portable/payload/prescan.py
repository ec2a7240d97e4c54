"""A look at a payload that is cheap enough for every check, and decides whether to read it."""

from __future__ import annotations

from typing import Final

__all__ = ["may_carry_code"]

_CODE_SIGNS: Final = (b"cloudpickle", b"dill", b"CodeType", b"marshal", b"new_class")


def may_carry_code(data: bytes) -> bool:
    """Whether a payload could hold code sent by value; microseconds, and never a false no.

    Every serializer that sends code names its own functions for rebuilding it, and names stand
    in a pickle as they are. A payload that comes compressed has to be unpacked first.
    """
    return any(sign in data for sign in _CODE_SIGNS)
