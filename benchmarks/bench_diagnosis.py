"""What the diagnosis of a failure costs, beside the check that fails; environments are at hand.

Run: `python benchmarks/bench_diagnosis.py`. The environment is a bare one of this interpreter.
Times are medians of whole checks, and of the share that is not spent in the failing run itself.
The first failure of a run also reads the host's metadata; its control starts one interpreter more.

Budget: a typical failure in at most 300 ms.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from pluggy import HookimplMarker

from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET_MS = 300.0


class Refuses:
    """Raises when it is loaded, everywhere."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Load as the result of an expression that fails."""
        return eval, ("int('no number')",)


OBJECTS: Mapping[str, object] = {
    "missing distribution": {"a": [HookimplMarker("x")], "n": list(range(1000))},
    "class of a script": {"a": [Refuses], "n": list(range(1000))},
    "hook, with control": {"a": [Refuses()], "n": list(range(1000))},
}


def main() -> int:
    """Measure, print, and say whether the budget holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=Path(folder) / "cache")
        portable = portable_on(session, Leg(python=sys.executable, deps=()))
        portable.check(1)
        for name, obj in OBJECTS.items():
            whole, diagnosis, codes = [], [], set()
            for _ in range(rounds + 1):
                begun = time.perf_counter()
                verdict = portable.check(obj)
                seconds = time.perf_counter() - begun
                codes.add(verdict.problems[0].code)
                whole.append(seconds * 1000)
                diagnosis.append((seconds - verdict.seconds["there"]) * 1000)
            shown = ", ".join(sorted(codes))
            print(
                f"{name:<22} {shown:<24} first {whole[0]:6.1f} ms, then {median(whole[1:]):6.1f} ms"
                f" (diagnosis {median(diagnosis[1:]):6.1f} ms)"
            )
            kept = kept and max(whole[0], median(whole[1:])) <= BUDGET_MS
        session.close()
    print(f"budget {BUDGET_MS:.0f} ms: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
