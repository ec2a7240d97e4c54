"""Files that a stranger wrote: opened without following links, and only if they are plain files.

A FIFO would block whoever opens it, a device may never end, and a link leads to a file that the
stranger cannot read and we can.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["PlainFileError", "open_plain", "read_plain"]

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class PlainFileError(OSError):
    """It is no plain file; the text says what it is."""


@contextmanager
def open_plain(path: Path) -> Iterator[int]:
    """Open a file for reading, and close it again.

    Yields:
        Its descriptor.

    Raises:
        PlainFileError: it is a link, a FIFO, a device, a socket or a folder.
        OSError: it cannot be opened.
    """
    # Opening alone does something to a device or a FIFO: look first, and once more when it is open.
    _refuse(os.lstat(path))
    number = os.open(path, _FLAGS)
    try:
        _refuse(os.fstat(number))
        yield number
    finally:
        os.close(number)


def read_plain(path: Path, limit: int, *, size: int | None = None) -> bytes:
    """Return the contents of a plain file.

    Args:
        path: of the file.
        limit: in bytes; a longer file is not read.
        size: what it must be; a file of another size is not read.

    Raises:
        PlainFileError: it is no plain file, or longer than it may be.
        OSError: it cannot be read.
    """
    with open_plain(path) as number:
        there = os.fstat(number).st_size
        if size is not None and there != size:
            raise PlainFileError(0, f"{there:,} bytes, the manifest says {size:,}")
        if there > limit:
            raise PlainFileError(0, f"has {there:,} bytes, and the limit is {limit:,}")
        parts = []
        while there > 0 and (part := os.read(number, min(there, 1 << 30))):
            parts.append(part)
            there -= len(part)
        return b"".join(parts)


def _refuse(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kinds = ("LNK", "link"), ("FIFO", "FIFO"), ("SOCK", "socket"), ("DIR", "folder")
        tests = ((getattr(stat, f"S_IS{name}"), kind) for name, kind in kinds)
        kind = next((kind for test, kind in tests if test(found.st_mode)), "device")
        raise PlainFileError(0, f"is a {kind}, not a plain file")
