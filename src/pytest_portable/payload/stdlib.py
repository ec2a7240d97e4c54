"""Top-level modules of the standard library, for every Python from 3.8 on.

Source: `sys.stdlib_module_names` of CPython 3.10 to 3.13 compared with each other, the folders of
3.8 and 3.9, and "What's New in Python 3.14".
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Final

__all__ = ["stdlib_of"]

Version = tuple[int, int]

_ADDED: Final[Mapping[str, Version]] = {
    "graphlib": (3, 9),
    "zoneinfo": (3, 9),
    "tomllib": (3, 11),
    "annotationlib": (3, 14),
    "compression": (3, 14),
}
_REMOVED: Final[Mapping[str, Version]] = {
    **dict.fromkeys(("_dummy_thread", "dummy_threading"), (3, 9)),
    **dict.fromkeys(("formatter", "parser", "symbol"), (3, 10)),
    "binhex": (3, 11),
    **dict.fromkeys(("asynchat", "asyncore", "distutils", "imp", "smtpd"), (3, 12)),
    **dict.fromkeys(
        (
            *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap"),
            *("msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau"),
            *("telnetlib", "uu", "xdrlib"),
        ),
        (3, 13),
    ),
}


@functools.cache
def stdlib_of(version: Version) -> frozenset[str]:
    """Return the top-level modules of a Python's standard library.

    Args:
        version: major and minor, 3.8 or newer.
    """
    gone = {name for name, since in _REMOVED.items() if since <= version}
    to_come = {name for name, since in _ADDED.items() if since > version}
    return (sys.stdlib_module_names | _REMOVED.keys() | _ADDED.keys()) - gone - to_come
