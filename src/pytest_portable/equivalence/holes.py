"""What two equal pickle streams leave to the walk."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_portable.equivalence.streams import Memo

__all__ = ["Holes"]


@dataclass(frozen=True)
class Holes:
    """What two equal streams do not decide.

    Attributes:
        pairs: what was left out on either side, in the order of the streams.
        has_shared: whether both sides share an object that was looked up.
        memos: what else both sides hold, by id: the number in the stream and the object.
    """

    pairs: list[tuple[object, object]] = field(default_factory=list)
    has_shared: bool = False
    memos: tuple[Memo, Memo] = field(default_factory=lambda: ({}, {}))
