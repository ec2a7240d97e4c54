"""Which words of a diagnosis have which colour on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

__all__ = ["Piece", "ansi", "colour"]

Piece: TypeAlias = "tuple[str, Mapping[str, bool]]"
"""A part of a line, and what `write` of pytest's terminal writer takes beside it."""

_HEAD: Final = re.compile(r"(  (?:\d{1,4}|note) {1,4})([a-z-]{1,60})( *)(\S.*)?")
_LABEL: Final = re.compile(r"(     )(there:|here: |fix:  )( .*)")
_BELOW_LABEL: Final = " " * 12
_PLAIN: Final[Mapping[str, bool]] = {}
_CAUSE: Final = {"red": True, "bold": True}
_NOTE: Final = {"yellow": True}
_PLACE: Final = {"cyan": True}
_SEEN: Final = {"yellow": True}
_FIX: Final = {"green": True}
# ECMA-48, "select graphic rendition".
_CODES: Final = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "cyan": 36}


def colour(lines: Iterable[str]) -> Iterator[list[Piece]]:
    """Yield the pieces of each line of a diagnosis, as `report.text.render` writes it.

    Codes are red and bold, paths cyan, what was observed has a yellow label, what to change is
    green; nothing is said by colour alone.

    Args:
        lines: of one diagnosis, or of several.
    """
    is_fix = False
    for line in lines:
        label = _LABEL.fullmatch(line)
        if label is not None:
            is_fix = label[2].startswith("fix")
            marks = _FIX if is_fix else _SEEN
            yield [(label[1], _PLAIN), (label[2], marks), (label[3], _FIX if is_fix else _PLAIN)]
            continue
        is_fix = is_fix and line.startswith(_BELOW_LABEL)
        yield [(line, _FIX)] if is_fix else _pieces(line)


def _pieces(line: str) -> list[Piece]:
    head = _HEAD.fullmatch(line)
    if head is not None:
        marks = _NOTE if head[1].strip() == "note" else _CAUSE
        return [(head[1], _PLAIN), (head[2], marks), (head[3] + (head[4] or ""), _PLACE)]
    if " is not portable to " in line or line.startswith("broke at: "):
        return [(line, _CAUSE)]
    return [(line, _PLACE if line.startswith("     at ") else _PLAIN)]


def ansi(text: str) -> str:
    """Return a diagnosis with the control sequences of a terminal that shows colours."""
    return "\n".join("".join(map(_painted, pieces)) for pieces in colour(text.split("\n")))


def _painted(piece: Piece) -> str:
    text, marks = piece
    codes = ";".join(str(_CODES[name]) for name in marks)
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text
