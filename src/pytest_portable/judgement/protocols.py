"""Pickle protocols, and which Python reads them."""

from __future__ import annotations

from typing import Final

from pytest_portable.verdict import Problem, Remedy

__all__ = ["newer_than_readable"]

_PROTO: Final = b"\x80"
# Source: CPython documentation, `pickle`, "Data stream format".
_FIRST_PYTHONS: Final = {2: (2, 3), 3: (3, 0), 4: (3, 4), 5: (3, 8)}


def newer_than_readable(data: bytes, root: str, target: tuple[int, int]) -> Problem | None:
    """Say that a payload begins with a protocol that a Python does not read.

    Args:
        data: the payload; what does not begin with a protocol is left alone.
        root: its name in paths.
        target: the Python that shall load it, major and minor.
    """
    if data[:1] != _PROTO or len(data) == 1:
        return None
    protocol = data[1]
    highest = max(known for known, first in _FIRST_PYTHONS.items() if first <= target)
    if protocol <= highest:
        return None
    first_python = _FIRST_PYTHONS.get(protocol)
    since = (
        f"the first that reads it is {first_python[0]}.{first_python[1]}"
        if first_python
        else "no Python up to 3.14 does: the payload is damaged, or from a newer one"
    )
    return Problem(
        code="protocol-too-new",
        stage="inspect",
        path=root,
        message=f"written with pickle protocol {protocol}; Python {target[0]}.{target[1]} reads "
        f"up to {highest}, {since}",
        remedies=(Remedy(f"dump it with protocol={highest}", f"protocol={highest}"),),
    )
