"""The matrix guard as CI runs it: every Python exports, every Python verifies all, one table."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from pytest_portable.environment.installers import find_uv
from support.wheels import make_wheel

pytestmark = [pytest.mark.real, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
KNOWN = ROOT / "constraints" / "tests.txt"
MINORS = (10, 11, 12, 13)
TESTS = """
import collections, pathlib

def test_counts(portable):
    portable(collections.Counter("abc"), probe="obj.most_common(1)")

def test_place(portable):
    portable(pathlib.PurePosixPath("/srv"))

def test_job(portable):
    from job import make
    portable.check(make())
"""
JOB = "class {name}:\n    pass\n\ndef make():\n    return {name}()\n"


def run(*command: str | Path, cwd: Path, status: int | None = 0) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTEST_PORTABLE_CACHE_DIR": str(cwd.parent / "cache"),
            "PYTHONPATH": str(cwd),
        },
    )
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """An environment with this project for every host Python."""
    folder = tmp_path_factory.mktemp("hosts")
    uv = find_uv(folder)
    assert uv is not None
    # The class was renamed between what the job of 3.10 has and what the others have.
    old = make_wheel(folder, "job", "1.0", {"job.py": JOB.format(name="Job")})
    new = make_wheel(folder, "job", "2.0", {"job.py": JOB.format(name="Task")})
    found = {}
    for minor in MINORS:
        python = next(Path("~/.pyenv/versions").expanduser().glob(f"3.{minor}.*/bin/python"), None)
        if python is None:
            if os.environ.get("CI"):
                pytest.fail(f"CI must have CPython 3.{minor}")
            pytest.skip(f"no CPython 3.{minor}")
        there = folder / f"py3{minor}"
        subprocess.run([uv, "venv", "-q", "--python", python, there], check=True)
        found[minor] = there / "bin" / "python"
        install: list[str | Path] = [
            uv,
            "pip",
            "install",
            "-q",
            "--python",
            found[minor],
            *("-c", KNOWN, "--build-constraint", KNOWN),
            ROOT,
            old if minor == 10 else new,
        ]
        subprocess.run(install, check=True)
    return found


def test_every_python_reads_every_bundle_and_the_planted_breaks_are_named(
    hosts: dict[int, Path], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_shipped.py").write_text(TESTS)
    for python in hosts.values():
        run(python, "-m", "pytest", "-q", "--portable-export=bundles", cwd=project, status=None)
    assert len(list((project / "bundles").iterdir())) == 3 * len(hosts)

    for minor, python in hosts.items():
        verify = ("verify", "bundles", "--report", f"reports/{minor}.json")
        run(python, "-m", "pytest_portable", *verify, cwd=project, status=1)
    merge = ("report", "reports", "--to", "all.json")
    run(hosts[11], "-m", "pytest_portable", *merge, cwd=project, status=1)

    found: dict[tuple[str, str, str], str] = {}
    for check in json.loads((project / "all.json").read_text("utf-8"))["checks"]:
        name = check["test"].rpartition("::")[2]
        maker, reader = check["leg"]["producer"].split()[0], check["leg"]["label"]
        found[name, maker, reader] = "ok" if check["portable"] else check["problems"][0]["code"]
    legs = [f"py3.{minor}" for minor in MINORS]
    assert len(found) == 3 * len(legs) ** 2
    for maker in legs:
        for reader in legs:
            assert found["test_counts", maker, reader] == "ok"
            lost = maker == "py3.13" and reader != "py3.13"
            assert found["test_place", maker, reader] == ("stdlib-version" if lost else "ok")
            renamed = (maker == "py3.10") != (reader == "py3.10")
            assert found["test_job", maker, reader] == ("version-skew" if renamed else "ok")

    table = run(hosts[11], "-m", "pytest_portable", "report", "reports", cwd=project, status=1)
    assert "| made by | py3.10 linux" in table
