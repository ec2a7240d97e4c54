"""Make texts of strangers safe to show: a terminal obeys what is written to it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["visible"]

# Controls but line feed and tab (C0, DEL, C1), lines and paragraphs that end elsewhere, orders to
# write from right to left, and halves of pairs, which no file takes.
_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Return a text in which nothing is obeyed by a terminal, and that any file can hold.

    Args:
        text: anything: what a target printed, an exception's words, a name out of a payload.

    Returns:
        The text with such characters as Python writes them: `\x1b[31m`, `\u202e`, `\udcff`. Line
        feeds and tabs stay; a line that ends with both a carriage return and a line feed ends with
        the latter.

    Source:
        ECMA-48 (control sequences); Unicode Standard Annex 9 (directional formatting characters).
    """
    return _OBEYED.sub(_written, text.replace("\r\n", "\n")) if _OBEYED.search(text) else text


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
