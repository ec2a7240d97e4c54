"""Settle the versions of all that tests and tools install, so that a clone of today works later.

Run: `.venv/bin/python tasks/constraints.py`, with Python 3.11 or newer, takes the newest of
everything into `constraints/`; with `--changes` it only prints what is newer than these files say.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import tomllib
from uv import find_uv_bin

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints"
sys.path.insert(0, str(ROOT / "tests"))

from support.frameworks import FRAMEWORKS, OWN  # noqa: E402 - the line above finds it


class Resolution(NamedTuple):
    """One file of constraints: what it is made of.

    Attributes:
        name: of the file.
        python: the oldest minor version it is for, or the only one.
        lines: requirements.
        arguments: of uv.
        only: whether it is for that Python alone.
        keep: the file whose versions stay where they can.
    """

    name: str
    python: str
    lines: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    only: bool = False
    keep: str = ""


def resolutions(folder: Path) -> Iterator[Resolution]:
    """Give all files, in order: later ones build on earlier ones in the folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = [f"--extra={name}" for name in ("test", "uv", "report")]
    groups = [f"--group={name}" for name in project["dependency-groups"]]
    build = tuple(project["build-system"]["requires"])
    tests = ("-c", str(folder / "tests.txt"))
    yield Resolution("tests.txt", "3.10", build, ("pyproject.toml", *extras))
    yield Resolution("tools.txt", "3.11", build, ("pyproject.toml", *groups, *tests))
    yield Resolution("oldest.txt", "3.10", (), ("pyproject.toml", "--resolution=lowest-direct"))
    yield Resolution("targets.txt", "3.8", (), ("constraints/targets.in",))
    # What they build from source is built by these.
    build = ("setuptools", "wheel")
    for name, (requirements, by_pip, python) in FRAMEWORKS.items():
        first, then = f"frameworks/{name}.pip.txt", f"frameworks/{name}.txt"
        lines = (*build, *requirements, *OWN)
        if by_pip:
            yield Resolution(first, python, ("pip", *build, *by_pip), only=True)
            yield Resolution(then, python, lines, only=True, keep=first)
        else:
            yield Resolution(then, python, lines)
    for group in sorted((CONSTRAINTS / "zoo").glob("*.in")):
        wanted = tuple(group.read_text("utf-8").split())
        yield Resolution(f"zoo/{group.stem}.txt", "3.11", (*build, *wanted, *OWN), only=True)


def resolve(wanted: Resolution, folder: Path) -> bool:
    """Write one file; uv says what is wrong if there is no solution."""
    file = folder / wanted.name
    file.parent.mkdir(exist_ok=True)
    if wanted.keep:
        shutil.copy(folder / wanted.keep, file)
    command = [find_uv_bin(), "pip", "compile", "--quiet", "--no-annotate"]
    command += [] if wanted.only else ["--universal"]
    command += ["--custom-compile-command", ".venv/bin/python tasks/constraints.py"]
    command += ["--python-version", wanted.python, "--output-file", str(file)]
    command += [*wanted.arguments, "-"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input="\n".join(wanted.lines),
        stdout=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.returncode == 0


def versions(file: Path) -> dict[str, str]:
    """Read the versions of each distribution, several where Pythons differ."""
    found: dict[str, list[str]] = {}
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        name, equals, rest = line.partition("==")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(rest.partition(" ")[0])
    return {name: ", ".join(each) for name, each in found.items()}


def main() -> int:
    """Resolve everything anew; print what changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", action="store_true", help="write nothing")
    given = parser.parse_args()
    status = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for wanted in resolutions(folder):
            if not resolve(wanted, folder):
                print(f"{wanted.name}: no solution", flush=True)
                status = 1
                continue
            kept = CONSTRAINTS / wanted.name
            old, new = versions(kept), versions(folder / wanted.name)
            for name in sorted(old.keys() | new.keys()):
                if old.get(name) != new.get(name):
                    print(f"{wanted.name}: {name} {old.get(name, '-')} -> {new.get(name, '-')}")
            if not given.changes:
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / wanted.name, kept)
    return status


if __name__ == "__main__":
    sys.exit(main())
