"""How much a file may unpack to: a few kilobytes may say of themselves that they are terabytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from pytest_portable.errors import PayloadError

__all__ = ["bounded", "check_size", "limit_for", "read_within"]

MOST_BYTES: Final = 1 << 30
MOST_TIMES: Final = 200
# So much is no burden, however small the file is.
HARMLESS_BYTES: Final = 1 << 26
_CHUNK_BYTES: Final = 1 << 20

_GIVEN: ContextVar[int | None] = ContextVar("max_unpacked", default=None)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def bounded(limit: int | None) -> Iterator[None]:
    """Let the user's own limit hold for all that is unpacked meanwhile; `None` for ours."""
    token = _GIVEN.set(limit)
    try:
        yield
    finally:
        _GIVEN.reset(token)


def limit_for(size: int) -> int:
    """Return how many bytes a file of that size may unpack to."""
    given = _GIVEN.get()
    if given is not None:
        return given
    return min(MOST_BYTES, max(MOST_TIMES * size, HARMLESS_BYTES))


def check_size(unpacked: int, limit: int) -> None:
    """Refuse more than the limit.

    Raises:
        PayloadError: it is more.
    """
    if unpacked > limit:
        why = (
            "that of --max-unpacked"
            if _GIVEN.get() is not None
            else f"1 GiB, and {MOST_TIMES} times its size from 64 MiB on; inspect --max-unpacked "
            "SIZE sets another"
        )
        raise PayloadError(f"unpacks to more than the limit of {limit:,} bytes ({why})", 0)


def read_within(stream: _Readable, limit: int) -> bytes:
    """Read a stream that decompresses.

    Raises:
        PayloadError: it gives more than the limit.
    """
    parts, size = [], 0
    while part := stream.read(_CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        check_size(size, limit)
    return b"".join(parts)
