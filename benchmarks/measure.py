"""What the benchmarks share: medians, alternating runs, and silence."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["medians_ms", "silence"]


def medians_ms(actions: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Return the median time of every action in milliseconds.

    The actions take turns, so that what else the machine does disturbs them alike.
    """
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(times):
        for name, action in actions.items():
            begun = time.perf_counter()
            action()
            taken[name].append((time.perf_counter() - begun) * 1000)
    return {name: statistics.median(found) for name, found in taken.items()}


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send what this process and its children print to nowhere."""
    sys.stdout.flush()
    kept, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(null)
