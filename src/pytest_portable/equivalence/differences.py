"""The result of a comparison: paths with two values, the first few, and how many there are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

__all__ = ["COUNT_LIMIT", "ELEMENTS", "LOST", "MAX_SHOWN", "Difference", "Differences", "Shared"]

MAX_SHOWN: Final = 10
"""Differences that are kept with their texts; the rest is only counted."""

COUNT_LIMIT: Final = 1000
"""A comparison ends here: beyond it the number says nothing that a person could use."""


ELEMENTS: Final = "its number of elements is another, although it reduces to the same"
LOST: Final = "attribute is missing: it could be read by this name, and raises AttributeError now"
"""The reason where an instance held what its counterpart cannot give."""


@dataclass(frozen=True)
class Difference:
    """One place where the returned object differs from what was sent.

    Attributes:
        path: Python expression that starts with `obj`; a very deep one is cut in the middle.
        original: shortened repr of what was sent.
        returned: shortened repr of what came back.
        reason: one line, lower case: what kind of difference this is.
    """

    path: str
    original: str
    returned: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the four texts under their names."""
        return asdict(self)


@dataclass(frozen=True)
class Shared:
    """An object that both sides share, because it was looked up when what came back was loaded.

    Attributes:
        path: as in `Difference`.
        value: the object.
    """

    path: str
    value: object


@dataclass(frozen=True)
class Differences:
    """All that a comparison found; true when there is a difference.

    Attributes:
        items: the first `MAX_SHOWN`, in the order of the original object.
        count: how many were found; counting stops at `COUNT_LIMIT`.
        shared: the first objects that came back as themselves and may be others elsewhere.
        dropped: the first parts that did not travel and are no difference: caches, mostly, and
            what weak proxies stand for.
    """

    items: tuple[Difference, ...] = ()
    count: int = 0
    shared: tuple[Shared, ...] = ()
    dropped: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is any difference."""
        return self.count > 0
