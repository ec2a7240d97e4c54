"""A passing check against spawn-and-load by hand and `dill.check`, in one run.

Run: `python benchmarks/bench_check.py`. The payload is 1 KB of standard-library data; the
environment is this interpreter as it is. Times are medians in milliseconds.
"""

from __future__ import annotations

import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dill

from pytest_portable.engine import Session
from pytest_portable.plan import Leg

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = {f"key{number}": [number, float(number), str(number)] for number in range(30)}
LOAD = "import pickle, sys; pickle.dump(pickle.load(sys.stdin.buffer), sys.stdout.buffer)"


def median_ms(action: Callable[[], object], times: int) -> float:
    """Return the median time of an action in milliseconds."""
    action()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def spawn() -> None:
    """Load and dump again in a new process, as people do by hand."""
    payload = pickle.dumps(DATA)
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOAD], input=payload, capture_output=True, check=True
    )
    assert pickle.loads(done.stdout) == DATA


def leg() -> Leg:
    """Return a leg in this very interpreter."""
    return Leg(python=sys.executable, deps=None)


def main() -> None:
    """Measure and print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=Path(folder, "cache"))
        try:
            portable = session.portable(leg())
            ours = median_ms(lambda: portable(DATA), 300)
        finally:
            session.close()
    by_hand = median_ms(spawn, 30)
    peer = median_ms(lambda: dill.check(DATA), 10)
    print(f"payload: {len(pickle.dumps(DATA))} bytes")
    print(f"ours              {ours:7.2f} ms   (budget 2 ms)")
    print(f"spawn and load    {by_hand:7.2f} ms   1/{by_hand / ours:.1f}  (budget 1/8)")
    print(f"dill.check        {peer:7.2f} ms   1/{peer / ours:.1f}")


if __name__ == "__main__":
    main()
