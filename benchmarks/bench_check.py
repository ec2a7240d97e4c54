"""Passing checks against what people do by hand, in one run.

Run: `python benchmarks/bench_check.py`. The environment is this interpreter as it is. Latencies
are medians; a check and its peers take turns. Peers: a new interpreter that loads the payload and
dumps it again (`spawn and load`), and `dill.check`.

Budgets: 1 KB of standard-library data in at most 2 ms and 1/8 of spawn-and-load; cloudpickle or
dill by value in at most 3 ms and 1/10; 450 checks a second with one environment and 900 with two
on two cores; cost and memory flat from 10 to 10,000 checks.

Measured on two cores, nothing else running: standard-library data 1.5 ms, 1/14 of spawn-and-load
and 1/43 of `dill.check`; cloudpickle 2.2 ms, 1/19; dill 2.6 ms, 1/23; back to back 1.9 ms. One
environment 536 checks a second, two in two processes 1,029; in two threads of one process 727: both
hosts share one interpreter lock there. The agent grows by 0.4 MB in its first 500 checks and not
after that.
"""

from __future__ import annotations

import argparse
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cloudpickle
import dill
from measure import medians_ms, silence

from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from pytest_portable.portable import Portable

DATA = {f"key{number}": [number, float(number), str(number)] for number in range(30)}
LOAD = """
import {0} as s, sys
sys.stdout.buffer.write(s.dumps(s.loads(sys.stdin.buffer.read())))
"""
SECONDS = 3.0


def make_function() -> Callable[[float], float]:
    """Return a function that travels by value: it is found in no module of the target."""
    scale = 3.0

    def apply(value: float) -> float:
        return value * scale + len(DATA)

    apply.__module__ = "__main__"
    return apply


def leg(serializer: str = "pickle", number: int = 0) -> Leg:
    """Return a leg in this very interpreter; another number has another agent."""
    env = {"NUMBER": str(number)}
    return Leg(python=sys.executable, deps=None, serializer=serializer, env=env)


def spawn(library: ModuleType, obj: object) -> None:
    """Load and dump again in a new process."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOAD.format(library.__name__)],
        input=library.dumps(obj),
        capture_output=True,
        check=True,
    )
    library.loads(done.stdout)


def latencies(session: Session) -> None:
    """Compare one check with its peers, for data and for code sent by value."""
    function = make_function()
    rows = [("pickle", pickle, DATA, 2, 8), ("cloudpickle", cloudpickle, function, 3, 10)]
    rows.append(("dill", dill, function, 3, 10))
    for name, library, obj, budget, share in rows:
        portable = portable_on(session, leg(name))
        actions: dict[str, Callable[[], object]] = {
            "ours": lambda portable=portable, obj=obj: portable(obj),
            "spawn and load": lambda library=library, obj=obj: spawn(library, obj),
        }
        if name != "cloudpickle":
            actions["dill.check"] = lambda obj=obj: dill.check(obj)
        with silence():
            found = medians_ms(actions, 60)
        print(f"{name}, {len(library.dumps(obj))} bytes:")
        for peer, taken in found.items():
            ratio = "" if peer == "ours" else f"   ours is 1/{taken / found['ours']:.1f}"
            wanted = f"   (budget {budget} ms)" if peer == "ours" else ""
            wanted = f"   (budget 1/{share})" if peer == "spawn and load" else wanted
            print(f"  {peer:<15}{taken:7.2f} ms{ratio}{wanted}")


def back_to_back(session: Session) -> None:
    """Check without a pause: the next process has no time to get ready unseen."""
    portable = portable_on(session, leg())
    taken = []
    for _ in range(500):
        begun = time.perf_counter()
        portable(DATA)
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"back to back: {statistics.median(taken):.2f} ms a check")


def keep_checking(portable: Portable, until: float, counts: list[int]) -> None:
    """Check until a moment comes, and add how many checks that were."""
    count = 0
    while time.perf_counter() < until:
        portable(DATA)
        count += 1
    counts.append(count)


def worker() -> None:
    """Be one of several processes, as under xdist: say ready, wait for the word, check."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=Path(folder, "cache"))
        portable = portable_on(session, leg())
        portable(DATA)
        print("ready", flush=True)
        sys.stdin.readline()
        counts: list[int] = []
        keep_checking(portable, time.perf_counter() + SECONDS, counts)
        print(counts[0], flush=True)
        session.close()


def throughput(session: Session) -> None:
    """Count checks per second: one environment, two in two threads, two in two processes."""
    for number, budget in ((1, 450), (2, 900)):
        portables = [portable_on(session, leg(number=n)) for n in range(number)]
        counts: list[int] = []
        until = time.perf_counter() + SECONDS
        threads = [
            threading.Thread(target=keep_checking, args=(portable, until, counts))
            for portable in portables
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{number} environments: {sum(counts) / SECONDS:.0f} a second (budget {budget})")
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in workers:
        assert each.stdout is not None
        each.stdout.readline()
    total = sum(int(each.communicate("go\n")[0]) for each in workers)
    print(f"2 environments, 2 processes: {total / SECONDS:.0f} a second (budget 900)")


def memory_kb(pid: int) -> int:
    """Return the resident memory of a process in kB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def growth(session: Session) -> None:
    """Compare the first checks of an agent with its last ones."""
    portable = portable_on(session, leg(number=3))
    taken = []
    sizes = {}
    for number in range(1, 10_001):
        begun = time.perf_counter()
        portable(DATA)
        taken.append((time.perf_counter() - begun) * 1000)
        if number in (10, 1_000, 10_000):
            sizes[number] = memory_kb(portable._checker.agent.hello["pid"])
    first, last = statistics.median(taken[10:1010]), statistics.median(taken[-1000:])
    print(f"checks 10 to 1,010: {first:.2f} ms, 9,000 to 10,000: {last:.2f} ms")
    listed = ", ".join(f"{number:,}: {size} kB" for number, size in sizes.items())
    print(f"memory of the agent after {listed}")


def main() -> None:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().worker:
        worker()
        return
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=Path(folder, "cache"))
        try:
            for part in (latencies, back_to_back, throughput, growth):
                part(session)
        finally:
            session.close()


if __name__ == "__main__":
    main()
