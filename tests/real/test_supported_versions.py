"""A user's project with the oldest versions that are allowed, and with the newest, warning-free.

The newest that are known: `constraints/` settles both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_portable.environment.installers import find_uv

ROOT = Path(__file__).parents[2]
INI = '[tool.pytest.ini_options]\naddopts = ["--strict-markers", "--strict-config"]\n'
TESTS = """\
import unittest

import pytest

pytestmark = pytest.mark.portable(timeout=30)


@pytest.mark.portable(serializer=["pickle", "dill", "cloudpickle"])
def test_data(portable):
    portable({"a": [1, 2.5]}, probe="obj['a'][0]")


@pytest.mark.portable(serializer="cloudpickle")
def test_call(portable):
    assert portable.call(lambda x: x + 1, 1) == 2


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
    assert "5 passed" in said
    assert "warning" not in said


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
