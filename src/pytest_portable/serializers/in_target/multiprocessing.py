"""What goes through a queue or a pipe of `multiprocessing`, with its reducers."""

from __future__ import annotations

__all__ = ["dumps"]


def dumps(value: object, *, protocol: int) -> bytes:
    """Dump with the reducers that `multiprocessing` adds to pickle's."""
    from multiprocessing.reduction import ForkingPickler

    return bytes(ForkingPickler.dumps(value, protocol))
