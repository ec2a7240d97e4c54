"""A hash of text that an instance keeps is wrong in every other process."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from unit.equivalence.samples import changes

if TYPE_CHECKING:
    from collections.abc import Callable

REASON = "a hash of text is kept and travels: every process has its own"


class Keeps:
    """Keeps its hash from the start."""

    def __init__(self, *parts: object) -> None:
        self.parts = parts
        self.first = parts[0]
        self.kept: int | None = self.compute()

    def compute(self) -> int:
        return hash(self.first)

    def __hash__(self) -> int:
        assert self.kept is not None
        return self.kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.parts == other.parts


class KeepsAll(Keeps):
    """Keeps the hash of all it holds."""

    def compute(self) -> int:
        return hash((self.parts, self.first))


class Drops(Keeps):
    """Leaves its hash behind, as attrs does with `cache_hash`."""

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "kept": None}

    def __hash__(self) -> int:
        if self.kept is None:
            self.kept = self.compute()
        return self.kept


class OfContent(Keeps):
    """Keeps a number that is the same everywhere."""

    def compute(self) -> int:
        import zlib

        return zlib.crc32(str(self.first).encode()) << 24 | 1


def trip(obj: Any) -> Any:
    return pickle.loads(pickle.dumps(obj))


@pytest.mark.parametrize("kind", [Keeps, KeepsAll])
def test_a_kept_hash_of_text_is_found(kind: Callable[..., object]) -> None:
    original = {"k": kind("a", 1)}

    assert changes(original, trip(original)) == [("obj['k'].kept", REASON)]


def test_a_key_that_keeps_its_hash_is_found() -> None:
    original = {Keeps("a"): 1}

    assert [reason for _, reason in changes(original, trip(original))] == [REASON]


@pytest.mark.parametrize(
    "original",
    [
        pytest.param(Drops("a"), id="left-behind"),
        pytest.param(OfContent("a"), id="content"),
        pytest.param(Keeps(3), id="number"),
        pytest.param(Keeps(2**40), id="large-number"),
        pytest.param(Keeps((1, 2.5)), id="tuple-of-numbers"),
    ],
)
def test_a_hash_that_holds_everywhere_is_none(original: object) -> None:
    assert changes([original], trip([original])) == []


def test_a_thousand_of_them_are_told_a_few_times() -> None:
    original = [Keeps(str(number)) for number in range(1000)]

    assert len(changes(original, trip(original))) < 60
