from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_portable.cli import main
from pytest_portable.environment.store import MARKER


class Line:
    """Runs the command line on a store of this test."""

    def __init__(self, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.cache = cache
        self._capsys = capsys
        self.error = ""

    def __call__(self, *words: str, status: int = 0) -> str:
        assert main([*words, f"--cache-dir={self.cache}"]) == status
        said = self._capsys.readouterr()
        self.error = said.err
        return said.out

    def data(self, *words: str, status: int = 0) -> Any:
        return json.loads(self(*words, "--json", status=status))


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path / "cache", capsys)


def test_an_environment_is_built_found_listed_and_removed(line: Line) -> None:
    assert line.data("envs", "where") == {"cache_dir": str(line.cache)}
    assert line.data("envs", "where", "--python=3", status=1)["environment"] is None

    built = line("envs", "build", "--python=3").strip()
    listed = line.data("envs", "list")["environments"]

    assert Path(built).exists()
    assert line("envs", "where", "--python=3").strip() == built
    assert [each["path"] for each in listed] == [str(Path(built).parents[1])]
    assert listed[0]["is_current"]
    assert listed[0]["bytes"] > 0
    assert "1 environment," in line("envs", "list")
    assert "0 environments removed" in line("envs", "prune", "--max-size=1 B")
    assert line.data("envs", "prune", "--all")["removed"] == [str(Path(built).parents[1])]
    assert not Path(built).exists()


def test_build_tells_what_it_made(line: Line) -> None:
    made = line.data("envs", "build")

    assert made["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert made["distributions"] == {}
    assert made == line.data("envs", "build")
    assert made == line.data("envs", "where", "--python=python")["environment"]


def test_prune_goes_by_age(line: Line) -> None:
    marker = Path(line.data("envs", "build")["path"]) / MARKER
    os.utime(marker, (time.time() - 5 * 86_400,) * 2)

    assert line.data("envs", "prune", "--max-age=6")["removed"] == []
    assert line.data("envs", "prune", "--max-age=4")["removed"] == [str(marker.parent)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prune", "--max-age=-1"), "--max-age: -1.0 is not a number of days"),
        (("prune", "--max-age=nan"), "--max-age: nan"),
        (("prune", "--max-size=big"), "--max-size: 'big' is no size; valid: '5 GB'"),
        (("build", "--dep=a b"), "'a b' is no requirement"),
        (("build", "--python=/no/python"), "/no/python is not there"),
        (("where", "--python=3.98"), "no interpreter for python='3.98'"),
        (("where", "--dep=-r gone.txt"), "cannot read"),
    ],
)
def test_misuse_and_set_up_failures_give_2(line: Line, words: tuple[str, ...], said: str) -> None:
    line("envs", *words, status=2)

    assert said in line.error


def test_pythons_are_listed_with_their_place(line: Line) -> None:
    text, data = line("pythons"), line.data("pythons")

    base = os.path.realpath(sys.executable)
    host = next(each for each in data["pythons"] if os.path.realpath(each["path"]) == base)
    assert host["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert host["found_in"]
    assert host["path"] in text
    assert {"path", "found_in", "reason"} == set().union(*data["refused"]) or not data["refused"]
