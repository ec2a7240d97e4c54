"""Envelopes of frameworks, known by their bytes: no framework has to be installed to open them.

The serializers of the frameworks describe the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pytest_portable.serializers.frameworks import (
    covalent,
    globus_compute,
    groundhog,
    orquestra,
    parsl,
)

__all__ = ["open_message"]

_PICKLE_START: Final = b"\x80"
_SIGN_BYTES: Final = 400
_OFFSETS_BYTES: Final = 16  # two numbers, at the start of Covalent's archive


def open_message(data: bytes) -> tuple[str, Sequence[bytes]] | None:
    """Find the pickles in what a framework sends.

    Args:
        data: the message, unpacked.

    Returns:
        What it is, in words, and its pickles, decoded; nothing where no framework writes this.
    """
    for kind, fits, pickles in _ENVELOPES:
        if not fits(data):
            continue
        try:
            found = pickles(data)
        except (KeyError, TypeError, ValueError):  # it is something else
            continue
        if found and all(one.startswith(_PICKLE_START) for one in found):
            return kind, found
    return None


def _starts(*signs: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(signs)


def _is_archive(data: bytes) -> bool:
    """Return whether two offsets point behind a JSON header and behind a text, to base64."""
    text, body = (int.from_bytes(data[start : start + 8], "big") for start in (0, 8))
    header = data[_OFFSETS_BYTES:text]
    return text <= body < len(data) and header.startswith(b"{") and header.endswith(b"}")


def _names(*signs: bytes) -> Callable[[bytes], bool]:
    """Return whether the head or the tail of a JSON object has these words."""
    return lambda data: (
        data.startswith(b"{")
        and any(
            sign in part for sign in signs for part in (data[:_SIGN_BYTES], data[-_SIGN_BYTES:])
        )
    )


_ENVELOPES: Final[
    tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], Sequence[bytes]]], ...]
] = (
    ("Groundhog payload", _starts(b"__PICKLE__:"), groundhog.pickles),
    ("Parsl buffer", _starts(b"01\n\x80", b"02\n\x80", b"C2\n\x80"), parsl.pickles),
    (
        "Globus Compute buffer",
        _starts(b"00\n", b"01\n", b"03\n", b"04\n", b"10\n", b"12\n", b"13\n"),
        globus_compute.pickles,
    ),
    ("Covalent TransportableObject", _is_archive, covalent.pickles),
    ("Covalent TransportableObject", _names(b'"TransportableObject"'), covalent.pickles),
    ("Orquestra result", _names(b'"ENCODED_PICKLE"'), orquestra.pickles),
    ("Orquestra function", _names(b'"INLINE_FUNCTION_REF"'), orquestra.pickles),
)
