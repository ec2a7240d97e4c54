"""What it costs to compare, in units of dumping the same object: `python bench_equivalence.py`.

The budget is 3 for a structure of a million elements and for an array of 100 MB. Both are the
best of three, taken in one run; peak memory is that of the comparison alone. Measured on a busy
machine: 1.3-2.4 for structures, 0.13 for the array.
"""

from __future__ import annotations

import pickle
import random
import time
import tracemalloc
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pytest_portable.equivalence import compare

if TYPE_CHECKING:
    from collections.abc import Callable

MILLION = 10**6
ROUNDS = 3


class Row:
    """An instance with two attributes."""

    def __init__(self, number: int) -> None:
        """Fill them."""
        self.number, self.name = number, str(number)


class Stated(Row):
    """One that says what it reduces to."""

    def __getstate__(self) -> dict[str, object]:
        """Return the number alone."""
        return {"number": self.number}

    def __setstate__(self, state: dict[str, int]) -> None:
        """Make the rest again."""
        self.number, self.name = state["number"], str(state["number"])


class Pair(NamedTuple):
    """Two values."""

    number: int
    name: str


@dataclass(frozen=True)
class Frozen:
    """One with a hash of its field."""

    number: int


class Color(Enum):
    """One member, as good as many."""

    RED = 1


def cases() -> dict[str, Callable[[], Any]]:
    """Return the objects, each made when its turn comes."""
    count = MILLION // 5
    return {
        "list of int": lambda: list(range(MILLION)),
        "list of float": lambda: [random.random() for _ in range(MILLION)],
        "list of NaN": lambda: [float("nan")] * MILLION,
        "dict of int": lambda: {number: number for number in range(MILLION)},
        "dict of str": lambda: {str(number): number for number in range(MILLION)},
        "set of int": lambda: set(range(MILLION)),
        "list of tuples": lambda: [(number, str(number)) for number in range(count)],
        "records": lambda: [{"id": number, "tags": [number]} for number in range(count)],
        "instances": lambda: [Row(number) for number in range(count)],
        "named tuples": lambda: [Pair(number, str(number)) for number in range(count)],
        "frozen dataclasses": lambda: [Frozen(number) for number in range(count)],
        "a state of their own": lambda: [Stated(number) for number in range(count)],
        "with enum members": lambda: [(number, Color.RED) for number in range(count)],
        "set of tuples": lambda: {(number, str(number)) for number in range(count)},
        "one to look at": lambda: [*({"id": n, "tags": [n]} for n in range(count)), ValueError()],
        "100 MB array": lambda: np.random.default_rng(0).random(100 * 2**20 // 8),
        "with a hole in it": lambda: [*range(MILLION), ValueError()],
    }


def best_seconds(action: Callable[[], object]) -> float:
    """Return the best of a few rounds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return min(times)


def peak_bytes(action: Callable[[], object]) -> int:
    """Return the most memory that an action held at once."""
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def main() -> None:
    """Print a line per case."""
    print(f"{'':20}{'dump ms':>10}{'compare ms':>12}{'ratio':>8}{'payload MB':>12}{'peak MB':>10}")
    for name, make in cases().items():
        original = make()
        payload = pickle.dumps(original)
        size = len(payload) / 1e6
        returned = pickle.loads(payload)
        del payload
        dump = best_seconds(lambda: pickle.dumps(original))  # noqa: B023 - called at once
        seconds = best_seconds(lambda: compare(original, returned))  # noqa: B023 - the same
        assert not compare(original, returned)
        peak = peak_bytes(lambda: compare(original, returned)) / 1e6  # noqa: B023 - the same
        figures = f"{dump * 1e3:10.1f}{seconds * 1e3:12.1f}{seconds / dump:8.2f}"
        print(f"{name:20}{figures}{size:12.1f}{peak:10.1f}")


if __name__ == "__main__":
    main()
