"""What the installed plugin costs a run of pytest that has no portable test.

Run: `python benchmarks/bench_startup.py`. Both runs collect and pass one plain test, without other
plugins and with bytecode cached; they take turns. Budget: 3 ms over pytest alone. Processor time
is printed too, because it is steadier than the clock on a busy machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMES = 60


def run(folder: str, *options: str) -> tuple[float, float]:
    """Run pytest once; return wall-clock and processor time in milliseconds."""
    source = str(Path(__file__).parents[1] / "src")
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": source}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (time.perf_counter() - begun) * 1000, spent * 1000


def main() -> None:
    """Measure pytest with and without the plugin, in turns."""
    # `-p` makes pytest look through the metadata of all that is installed, whatever it names; an
    # installed plugin is found by a search that pytest does anyway. So both get an empty one.
    kinds = {"alone": ("-p", "empty"), "with": ("-p", "pytest_portable.plugin")}
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "empty.py").write_text("", "utf-8")
        Path(folder, "test_plain.py").write_text("def test_plain():\n    pass\n", "utf-8")
        for number in range(TIMES + 1):
            for kind, options in kinds.items():
                taken = run(folder, *options)
                if number:  # the first run fills the cache of bytecode
                    found[kind].append(taken)
    for position, clock in enumerate(("wall clock", "processor")):
        alone, plugin = (statistics.median(t[position] for t in found[kind]) for kind in kinds)
        print(
            f"{clock}: pytest alone {alone:.1f} ms, with the plugin {plugin:.1f} ms, "
            f"over: {plugin - alone:.1f} ms (budget 3 ms)"
        )


if __name__ == "__main__":
    main()
