"""What environments cost, as ratios within one run.

Run with `python benchmarks/bench_environments.py [ROUNDS]`; it needs uv and, the first time, an
index. Everything lies in a temporary folder, uv's cache included.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable.environment import (
    Environment,
    EnvironmentRequest,
    StoreSettings,
    prepare,
    prepare_all,
    survey_interpreters,
)
from pytest_portable.environment.installers import find_uv

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIREMENTS = ("cloudpickle", "dill", "numpy")


def median(action: Callable[[], object], rounds: int) -> float:
    durations = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def line(what: str, ours: float, theirs: float | None = None, budget: str = "") -> None:
    ratio = f"{theirs * 1e3:9.2f} ms {ours / theirs:7.2f} x" if theirs else ""
    print(f"{what:58} {ours * 1e3:9.2f} ms {ratio:22} {budget}")


def by_hand(uv: Path, python: Path, folder: Path) -> None:
    path = folder / "by-hand"
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run([uv, "venv", "-q", "--python", python, path], check=True)
    command = [uv, "pip", "install", "-q", "--offline", "--python", path / "bin" / "python"]
    subprocess.run([*command, *REQUIREMENTS], check=True, cwd=folder)


def bench_hit(request: EnvironmentRequest, settings: StoreSettings, rounds: int) -> None:
    prepare(request, settings)
    line("an environment that is there", median(lambda: prepare(request, settings), rounds * 40))
    print(f"{'':58} budget: 1 ms, no process")


def bench_new(request: EnvironmentRequest, settings: StoreSettings, rounds: int) -> None:
    uv = find_uv(settings.cache_dir)
    assert uv is not None, "this benchmark compares with uv"
    warm_up: list[float] = []

    def build() -> Environment:
        steps: list[tuple[str, float]] = []
        shutil.rmtree(settings.cache_dir / "keys", ignore_errors=True)
        offline = replace(settings, offline=True)
        made = prepare(
            request, offline, report=lambda step: steps.append((step, time.perf_counter()))
        )
        warm_up.append(sum(time.perf_counter() - at for step, at in steps if "once" in step))
        return made

    interpreter = build().interpreter
    ours, theirs = [], []
    for _ in range(rounds):
        warm_up.clear()
        ours.append(median(build, 1) - warm_up[0])
        theirs.append(median(lambda: by_hand(uv, interpreter.path, settings.cache_dir), 1))
    what = f"a new environment of {', '.join(request.requirements or ())}"
    line(what, statistics.median(ours), statistics.median(theirs), "budget: 1.5 x uv by hand")
    line("  its warm-up import aside", warm_up[-1])


def bench_parallel(root: Path, settings: StoreSettings) -> None:
    found = [each.interpreter for each in survey_interpreters().found]
    versions = {each.version_info[:2]: each for each in reversed(found)}
    pythons = [str(each.path) for key, each in sorted(versions.items()) if key >= (3, 9)][:4]
    requests = [
        EnvironmentRequest(python=python, requirements=REQUIREMENTS, root=root)
        for python in pythons
    ]
    prepare_all(requests, settings)  # fills uv's cache
    offline = replace(settings, offline=True)
    shutil.rmtree(settings.cache_dir / "keys")
    one_by_one = sum(median(lambda each=each: prepare(each, offline), 1) for each in requests)  # type: ignore[misc]
    shutil.rmtree(settings.cache_dir / "keys")
    together = median(lambda: prepare_all(requests, offline), 1)
    what = f"{len(requests)} environments on {os.cpu_count()} cores"
    line(what, together, one_by_one, "budget: 0.7 x their sum")


def bench_project(root: Path, settings: StoreSettings, files: int) -> None:
    project = root / f"project-{files}"
    (project / "app").mkdir(parents=True)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
        '[project]\nname = "app"\nversion = "1.0"\ndescription = "x"\n',
        encoding="utf-8",
    )
    (project / "app" / "__init__.py").touch()
    for number in range(files):
        (project / "app" / f"m{number}.py").write_text(f"value = {number}\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", project], check=True)
    request = EnvironmentRequest(python=None, requirements=(".",), root=project)
    prepare(request, settings)
    line(
        f"a local project of {files} files, unchanged",
        median(lambda: prepare(request, settings), 5),
    )
    (project / "app" / "m0.py").write_text("value = -1\n", encoding="utf-8")
    line(
        f"a local project of {files} files, changed", median(lambda: prepare(request, settings), 1)
    )


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["UV_CACHE_DIR"] = str(root / "uv")
        settings = StoreSettings(cache_dir=root / "store", installer="uv")
        request = EnvironmentRequest(python=None, requirements=REQUIREMENTS, root=root)
        bench_hit(request, settings, rounds)
        bench_new(request, settings, rounds)
        bench_parallel(root, settings)
        for files in (40, 1000):
            bench_project(root, settings, files)


if __name__ == "__main__":
    main()
