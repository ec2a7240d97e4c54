"""Cost of the payload graph beside `pickletools.genops` and fickling, all in one run.

Run it with `python benchmarks/bench_payload_graph.py`. Budget: reading a graph takes at most four
times a bare loop over `genops`, and at most a third of fickling where that is installed.

A whole inspection (`all`: paths, references, code, sizes) has no budget that it meets everywhere.
Measured in processor time on CPython 3.11, two shared cores: integers 1.8x, records 2.3x to 2.5x,
instances 5.4x, lists nested 300,000 deep 5.4x, functions by value 10.1x (0.2 ms a function).
"""

from __future__ import annotations

import functools
import gc
import pickle
import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING

from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import inspect_payload, may_carry_code
from pytest_portable.payload.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3
NESTED = 300_000


class Point:
    """An instance as most are: attributes in a dict."""

    def __init__(self, number: int) -> None:
        """Hold a number and a list."""
        self.x = number
        self.tags = [number]


def payloads() -> dict[str, bytes]:
    records = [{"id": i, "name": f"n{i}", "v": i * 1.5, "t": (i, str(i))} for i in range(40_000)]
    found = {
        "records, protocol 2": pickle.dumps(records, 2),
        "records, protocol 4": pickle.dumps(records, 4),
        "integers": pickle.dumps(list(range(300_000))),
        "instances": pickle.dumps([Point(i) for i in range(40_000)]),
        "nested lists": b"\x80\x04" + b"]\x94" * NESTED + b"a" * (NESTED - 1) + b".",
        "one megabyte of bytes": pickle.dumps(bytes(1_000_000)),
    }
    try:
        import cloudpickle
    except ImportError:
        return found
    functions = [eval(f"lambda x, y={i}: [x + y, len(str(x))]") for i in range(2_000)]
    return {**found, "functions by value": cloudpickle.dumps(functions)}


def genops_loop(data: bytes) -> int:
    import pickletools

    return sum(1 for _ in pickletools.genops(data))


def seconds(function: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def fickling_seconds(data: bytes) -> float | None:
    try:
        from fickling.fickle import Pickled
    except ImportError:
        return None
    try:
        return seconds(lambda: Pickled.load(data).ast)
    except Exception:  # noqa: BLE001 (it gives up on big payloads, which is a result too)
        return None


def main() -> None:
    print(
        f"{'payload':24}{'opcodes':>10}{'genops':>9}{'read':>7}{'paths':>7}{'all':>7}{'fickling':>10}"
    )
    for name, data in payloads().items():
        base = seconds(functools.partial(genops_loop, data))
        graph = read(data)
        ours = seconds(functools.partial(read, data))
        paths = seconds(functools.partial(Paths, graph))
        whole = seconds(functools.partial(inspect_payload, data))
        peer = fickling_seconds(data)
        shown = "-" if peer is None else f"{peer / base:.1f}x"
        print(
            f"{name:24}{genops_loop(data):>10}{base * 1000:>7.1f}ms{ours / base:>6.2f}x"
            f"{paths / base:>6.2f}x{whole / base:>6.2f}x{shown:>10}"
        )
    tracemalloc.start()
    for count in (50_000, 100_000, 200_000):
        tracemalloc.reset_peak()
        graph = read(pickle.dumps(list(range(count))))
        peak = tracemalloc.get_traced_memory()[1] / count
        print(f"memory: {count} integers, {peak:.0f} bytes a node at the peak")
        del graph
    tracemalloc.stop()
    small = pickle.dumps({"a": [1, 2, 3]})
    scan = seconds(lambda: [may_carry_code(small) for _ in range(1000)])
    print(f"may_carry_code on {len(small)} bytes: {scan * 1000:.2f} us")


if __name__ == "__main__":
    main()
