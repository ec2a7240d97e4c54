"""Versions that a payload itself tells: of who dumped it, whoever looks at it now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["told_versions"]

# A key of an object's state, memoized or not, and the length of the text behind it, in one byte or
# in four: as protocols 2 to 5 write them.
# Source: scikit-learn 1.9, `sklearn/base.py`, `BaseEstimator.__getstate__`.
_TOLD: Final = {
    "scikit-learn": re.compile(rb"_sklearn_version(?:\x94|q.|r.{4})?(?:\x8c(.)|X(.{4}))", re.DOTALL)
}
_VERSION: Final = re.compile(r"\d+(\.\w+){1,5}")


def told_versions(streams: Iterable[bytes]) -> Mapping[str, str]:
    """Return the versions that pickles tell of the distributions that dumped them, by name.

    Args:
        streams: the pickles of one payload.
    """
    found: dict[str, str] = {}
    for stream in streams:
        for name, pattern in _TOLD.items():
            if name not in found and (told := pattern.search(stream)):
                length = int.from_bytes(told[1] or told[2], "little")
                text = stream[told.end() : told.end() + min(length, 40)].decode("ascii", "replace")
                if _VERSION.fullmatch(text):
                    found[name] = text
    return found
