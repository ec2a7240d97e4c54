"""A user's project with the oldest versions that are allowed, and with the newest, warning-free.

That of pytest, and those of the serializers that are always there: dill and cloudpickle. The newest
that are known: `constraints/` settles both.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version  # noqa: TID253 - tests are not start-up

from pytest_portable.environment.installers import find_uv

ROOT = Path(__file__).parents[2]
INI = '[tool.pytest.ini_options]\naddopts = ["--strict-markers", "--strict-config"]\n'
SERIALIZERS = ("cloudpickle", "dill")
TESTS = """\
import os
import sys
import unittest

import dill
import pytest

pytestmark = pytest.mark.portable(timeout=30)


@pytest.mark.portable(serializer=["pickle", "dill", "cloudpickle"])
def test_data(portable):
    portable({"a": [1, 2.5]}, probe="obj['a'][0]")


@pytest.mark.portable(serializer="cloudpickle")
def test_call(portable):
    assert portable.call(lambda x: x + 1, 1) == 2


@pytest.mark.portable(serializer="cloudpickle")
def test_place(portable):
    check_place(portable)


@pytest.mark.skipif(
    sys.version_info >= (3, 11) and dill.__version__ == "0.3.5.1",
    reason="dill 0.3.6 is the first to know the code of Python 3.11",
)
@pytest.mark.portable(serializer="dill", options={"recurse": True})
def test_place_by_dill(portable):
    check_place(portable)


def check_place(portable):
    def closed():
        if "PYTEST_CURRENT_TEST" not in os.environ:
            raise LookupError("closed")

    verdict = portable.check(closed, probe="obj()")

    (problem,) = [each for each in verdict.problems if each.code == "call-error"]
    line = closed.__code__.co_firstlineno + 2
    assert problem.evidence == f"LookupError: closed ({os.path.basename(__file__)}:{line})"
    assert f'File "{__file__}", line {line}, in closed' in problem.traceback


class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable):
        self.portable = portable

    def test_data(self):
        self.portable([1])
"""


@pytest.mark.network
@pytest.mark.parametrize(
    ("constraints", "version"),
    [
        pytest.param("oldest.txt", "pytest-8.0.0", id="oldest"),
        pytest.param("tests.txt", "pytest-", id="newest"),
    ],
)
def test_a_project_runs_without_a_warning(constraints: str, version: str, tmp_path: Path) -> None:
    uv = find_uv(tmp_path)
    assert uv is not None
    python = tmp_path / "venv" / "bin" / "python"
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(INI, "utf-8")
    (project / "test_it.py").write_text(TESTS, "utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    run(
        [str(uv), "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")],
        tmp_path,
        env,
    )
    folder = ROOT / "constraints"
    known = ["-c", str(folder / constraints), "--build-constraint", str(folder / "tests.txt")]
    run(
        [str(uv), "pip", "install", "--quiet", *known, "--python", str(python), str(ROOT)],
        tmp_path,
        env,
    )
    said = run([str(python), "-W", "error", "-m", "pytest", "-W", "error"], project, env)

    assert version in said
    is_oldest = constraints == "oldest.txt"
    skips = is_oldest and sys.version_info >= (3, 11)
    assert ("6 passed, 1 skipped" if skips else "7 passed") in said
    assert "warning" not in said
    if is_oldest:
        listing = [str(uv), "pip", "list", "--format", "json", "--python", str(python)]
        assert lower_bounds().items() <= versions(listing, tmp_path, env).items()


def versions(listing: list[str], cwd: Path, env: dict[str, str]) -> dict[str, Version]:
    told = run(listing, cwd, env).splitlines()[-1]  # below the environment's own line
    return {each["name"]: Version(each["version"]) for each in json.loads(told)}


def lower_bounds() -> dict[str, Version]:
    """Return the oldest version of each serializer that the project declares."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    found = re.findall(rf'^  "({"|".join(SERIALIZERS)})>=([\d.]+)",', text, re.MULTILINE)
    assert len(found) == len(SERIALIZERS)
    return {name: Version(version) for name, version in found}


def run(argv: list[str], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        argv,
        cwd=cwd,
        env={**env, "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
