"""The memory of two arrays, compared as it is."""

from __future__ import annotations

from typing import Final

__all__ = ["are_same"]

CHUNK_BYTES: Final = 1 << 16
"""Copied at once: it stays in the cache of the processor, and is taken from memory at hand."""


def are_same(left: memoryview, right: memoryview) -> bool:
    """Return whether two views of bytes hold the same.

    `==` of `memoryview` compares byte by byte; that of `bytes` is 15 times as fast, copying
    included.

    Args:
        left: of format `B` and one dimension.
        right: likewise.
    """
    return len(left) == len(right) and all(
        bytes(left[begin : begin + CHUNK_BYTES]) == bytes(right[begin : begin + CHUNK_BYTES])
        for begin in range(0, len(left), CHUNK_BYTES)
    )
