"""Which globals a payload may refer to, at the price of a search: no graph is built for this."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from pytest_portable.agent.in_target.asking import MISSING, held_in, named_in
from pytest_portable.payload.prescan import opcode_ranges

__all__ = ["find_globals"]

MAX_GLOBALS: Final = 200
MAX_SEARCHED: Final = 1 << 20
_STACK_GLOBAL: Final = b"\x93"
_MEMOIZE: Final = 0x94
_LONGEST: Final = 257
"""What a short string of protocol 4 takes: an opcode, its length in a byte, up to 255 bytes."""
_SHORT: Final = re.compile(rb"\x8c([\x01-\xff])([A-Za-z_][\w.]*)\Z", re.DOTALL)
_NAME: Final = re.compile(rb"\x8c([\x01-\xff])([A-Za-z_][\w.]*)", re.DOTALL)
_GLOBAL: Final = re.compile(rb"c([A-Za-z_][\w.]{0,255})\n([A-Za-z_][\w.]{0,255})\n")


def find_globals(data: bytes) -> list[tuple[str, str]]:
    """List globals by module and name that a pickle may refer to and that exist here.

    Written for speed: where a payload only repeats a name or a module, every one that it could be
    is listed. Who needs to be sure reads the payload.
    """
    found: dict[tuple[str, str], None] = {}
    names: dict[str, None] = {}
    modules: dict[str, None] = {}
    is_repeated = False
    for module, name in _pairs(data):
        if module is not None and name is not None:
            if _exists(module, name):
                found[module, name] = None
        else:
            is_repeated = True
            names.update({} if name is None else {name: None})
        modules.update({} if module is None else {module: None})
    if is_repeated and len(data) < MAX_SEARCHED:
        texts = dict.fromkeys(text.decode() for text in _texts(data))
        names.update(texts)
        modules.update({text: None for text in texts if text in sys.modules})
    if is_repeated:
        found.update(dict.fromkeys(_combined(modules, names)))
    return list(found)[:MAX_GLOBALS]


def _combined(modules: Iterable[str], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield every name with every module that has it."""
    by_top: dict[str, list[str]] = {}
    for name in names:
        by_top.setdefault(name.partition(".")[0], []).append(name)
    for module in modules:
        held = held_in(sys.modules.get(module))
        for top in by_top.keys() & held.keys():
            yield from ((module, name) for name in by_top[top] if _exists(module, name))


def _texts(data: bytes) -> Iterator[bytes]:
    """Yield the short strings of a payload that could be names."""
    for match in _NAME.finditer(data):
        text = match[2][: match[1][0]]
        if len(text) == match[1][0]:
            yield text


def _pairs(data: bytes) -> Iterator[tuple[str | None, str | None]]:
    """Yield modules and names of globals; `None` stands for one that is repeated."""
    for start, end in opcode_ranges(data):
        position = data.find(_STACK_GLOBAL, start, end)
        while position >= 0:
            name = _text_before(data, position)
            if name is not None:
                yield _text_before(data, position - _size(data, position, name)), name
            elif (size := _repeat_size(data, position)) is not None:
                yield _text_before(data, position - size), None
            position = data.find(_STACK_GLOBAL, position + 1, end)
        if data[:1] != b"\x80" or data[1] < 4:  # noqa: PLR2004 - the protocol
            for match in _GLOBAL.finditer(data, start, end):
                yield match[1].decode(), match[2].decode()


def _text_before(data: bytes, position: int) -> str | None:
    """Return the short string that was pushed just before an opcode."""
    end = position - (data[position - 1] == _MEMOIZE)
    found = _SHORT.search(data, max(0, end - _LONGEST), end)
    if found is None or found[1][0] != len(found[2]):
        return None
    return found[2].decode()


def _repeat_size(data: bytes, position: int) -> int | None:
    """Return how many bytes take a value from the memo just before an opcode."""
    for opcode, size in ((b"h", 2), (b"j", 5)):
        if data[position - size : position - size + 1] == opcode:
            return size
    return None


def _size(data: bytes, position: int, text: str) -> int:
    """Return how many bytes push a short string that ends before a position."""
    return 2 + len(text) + (data[position - 1] == _MEMOIZE)


def _exists(module: str, name: str) -> bool:
    found = named_in(module, name)
    return found is not None and found is not MISSING
