"""Beside the plugins that others use, with the newest and the oldest pytest that is supported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.network]

ROOT = Path(__file__).parent.parent.parent
BOTH = (
    "anyio==4.16.0", "hypothesis==6.168.5", "pytest-cov==7.1.0", "pytest-randomly==5.0.0",
    "pytest-sugar==1.1.1", "pytest-timeout==2.4.0", "pytest-xdist==3.8.0",
)  # fmt: skip
# Versions that every host Python can have. Subtests are a part of pytest 9, and a plugin before.
SETS = {
    "newest": (*BOTH, "pytest==9.2.0", "pytest-asyncio==1.5.0", "pytest-rerunfailures==16.7"),
    "oldest": (*BOTH, "pytest==8.0.2", "pytest-asyncio==0.23.8", "pytest-rerunfailures==16.1",
               "pytest-subtests==0.15.0"),
}  # fmt: skip
WAYS = {
    "all at once": (),
    "workers": ("-n", "2"),
    "no terminal": ("-p", "no:terminal", "-p", "no:sugar"),
    "coverage": ("--cov=.",),
}
SUITE = """
import asyncio
import threading

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.asyncio
async def test_asyncio(portable):
    await asyncio.sleep(0)
    portable({"a": 1})


@pytest.mark.asyncio
async def test_asyncio_fails(portable):
    portable(threading.Lock())


@pytest.mark.anyio
async def test_anyio(portable):
    portable({"a": 1})


@pytest.mark.anyio
async def test_anyio_fails(portable):
    portable(threading.Lock())


def test_subtests(portable, subtests):
    for n in range(3):
        with subtests.test(n=n):
            portable(n)


def test_a_subtest_fails(portable, subtests):
    with subtests.test("bad"):
        portable(threading.Lock())
    with subtests.test("good"):
        portable(1)


@pytest.mark.xfail(strict=True)
def test_xfail(portable):
    portable(threading.Lock())


@pytest.mark.flaky(reruns=2)
def test_rerun(portable, seen=[]):
    seen.append(1)
    portable(threading.Lock() if len(seen) < 2 else 1)


@pytest.mark.timeout(60)
def test_timeout(portable):
    portable(1)


@settings(max_examples=3, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(n=st.integers())
def test_given(portable, n):
    portable(n)
"""
NAMES = set(re.findall(r"def (test_\w+)", SUITE))
FAILS = {"test_asyncio_fails", "test_anyio_fails", "test_a_subtest_fails"}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    ours = ("PYTHON", "PYTEST_ADDOPTS", "PYTEST_XDIST", "COV", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, check=False,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module", params=SETS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with a set of plugins."""
    folder = tmp_path_factory.mktemp(request.param)
    interpreter = folder / "env" / "bin" / "python"
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("venv", "--python", sys.executable, folder / "env"),
        ("pip", "install", "--python", interpreter, *SETS[request.param], "-e", ROOT),
    )
    for command in commands:
        done = run(sys.executable, "-m", "uv", *command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return interpreter


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = strict\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("way", WAYS)
def test_outcomes_are_those_of_the_suite(python: Path, suite: Path, way: str) -> None:
    ran = run(python, "-m", "pytest", "--junitxml=out.xml", *WAYS[way], cwd=suite)

    assert ran.returncode == 1, ran.stdout + ran.stderr
    cases = list(ET.parse(suite / "out.xml").iter("testcase"))
    names = {str(case.get("name")).split("[")[0].split(" ")[0] for case in cases}
    failed = {
        str(case.get("name")).split("[")[0].split(" ")[0]
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }
    assert names >= NAMES
    assert failed == FAILS
    assert "INTERNALERROR" not in ran.stdout + ran.stderr
    if way != "no terminal":
        assert "1 xfailed" in ran.stdout
        assert "1 rerun" in ran.stdout
        assert "unserializable at obj" in ran.stdout
        ours = ran.stdout.partition("= portability =")[2].partition("short test summary")[0]
        assert re.findall(r"^py3\.\d+, pickle +\d+ +(\d+) ", ours, re.MULTILINE) == [
            str(len(FAILS))
        ]
        assert set(re.findall(r"^test_suite\.py::(\w+)", ours, re.MULTILINE)) == FAILS


def test_collecting_alone_checks_nothing(python: Path, suite: Path) -> None:
    ran = run(python, "-m", "pytest", "--co", "-q", cwd=suite)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert set(re.findall(r"test_suite\.py::(\w+)", ran.stdout)) == NAMES
    assert "not portable" not in ran.stdout
