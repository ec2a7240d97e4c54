"""Large objects against a temporary file and `pickle.load` in a new interpreter, in one run.

Run: `python benchmarks/bench_large.py`. The environment is this interpreter as it is. Times are
medians in milliseconds; all ways take turns. `by hand` dumps to a temporary file and loads that in
a new interpreter; with `back`, that one dumps to a file again, which is loaded and compared here.

Budgets, `round_trip=False`: 100 MB in at most 1.3 x of by hand, peak memory there at most 1.3 x of
the object (with all that the interpreter and NumPy need). Comparing takes at most 3 x of dumping.

Measured on a busy machine: protocol 4 0.74-0.88 x, 131 MB there (by hand 126 MB); protocol 5
0.36-0.47 x and 31 MB, because what nobody looks at is not read; a million objects 1.0-1.4 x, 108 MB
(104 MB). Back and compared: 1.2-1.3 x with protocol 4, 0.7-0.8 x with protocol 5.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from measure import medians_ms, silence

from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 7
ARRAY = np.random.default_rng(0).random(12_500_000)
LOAD = """
import pickle, sys
with open(sys.argv[1], "rb") as stream:
    obj = pickle.load(stream)
print(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0])
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as stream:
        pickle.dump(obj, stream, protocol=int(sys.argv[3]))
"""
# The kernel's high-water mark of this memory; `ru_maxrss` would count that of the parent too.
PEAK = "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"


def structure() -> list[object]:
    """Return a million objects in lists, dicts and tuples."""
    return [{"number": i, "pair": (i, float(i)), "text": f"item {i}"} for i in range(200_000)]


def by_hand(obj: object, protocol: int, *, back: bool) -> int:
    """Do what people do; return the peak memory there in kB."""
    with tempfile.TemporaryDirectory() as folder:
        there, here = Path(folder, "there"), Path(folder, "here")
        with there.open("wb") as stream:
            pickle.dump(obj, stream, protocol=protocol)
        more = [str(here), str(protocol)] if back else []
        done = subprocess.run(
            [sys.executable, "-I", "-c", LOAD, str(there), *more], capture_output=True, check=True
        )
        if back:
            with here.open("rb") as stream:
                assert np.array_equal(pickle.load(stream), obj)
    return int(done.stdout)


def measure(session: Session, name: str, obj: object, leg: Leg) -> None:
    """Compare one leg with the way by hand."""
    protocol = leg.protocol or pickle.DEFAULT_PROTOCOL
    portable = portable_on(session, leg)
    actions: dict[str, Callable[[], object]] = {
        "ours": lambda: portable(obj),
        "by hand": lambda: by_hand(obj, protocol, back=leg.round_trip),
    }
    found = medians_ms(actions, TIMES)
    # What describing takes is no part of the budget: nobody who does it by hand compares anything.
    described = portable.verdicts[-1].seconds.get("describe", 0.0) * 1000
    ratio = (found["ours"] - described) / found["by hand"]
    budget = "" if leg.round_trip else f"  (budget 1.3; {described:.0f} ms of it describe)"
    print(f"{name}: {found['ours']:.0f} ms, by hand {found['by hand']:.0f}: {ratio:.2f} x{budget}")
    if not leg.round_trip:
        with silence():
            ours = int(portable(obj, probe=PEAK).stdout) * 1024
        hand = by_hand(obj, protocol, back=False) * 1024
        print(f"  peak memory there: {ours / 1e6:.0f} MB, by hand {hand / 1e6:.0f} MB")


def main() -> None:
    """Measure arrays and a structure of many objects."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=Path(folder, "cache"))
        one_way = Leg(python=sys.executable, deps=None, round_trip=False, timeout_seconds=300)
        try:
            for serializer, protocol in (("pickle", 4), ("pickle", 5), ("cloudpickle", 5)):
                leg = replace(one_way, serializer=serializer, protocol=protocol)
                title = f"100 MB array, {serializer} {protocol}"
                measure(session, title, ARRAY, leg)
                measure(session, f"{title}, back", ARRAY, replace(leg, round_trip=True))
            objects = structure()
            measure(session, "a million objects, pickle 4", objects, one_way)
            portable = portable_on(session, replace(one_way, round_trip=True))
            print(f"  and back, seconds by stage: {dict(portable(objects).seconds)}")
        finally:
            session.close()


if __name__ == "__main__":
    main()
