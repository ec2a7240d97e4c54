"""The lines of CI on the pages, as they stand, in a small project: what they select."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

HOW_TO = Path(__file__).parent.parent / "docs" / "how-to"
BLOCK = re.compile(r"^```(?:yaml|ini)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINE = re.compile(r"python -m pytest[^\]\n]*")
TESTS = """
import pytest

@pytest.mark.portable
def test_marked(portable):
    portable({"a": 1})

def test_unmarked(portable):
    portable({"a": 2})

@pytest.mark.parametrize("n", [1, 2])
def test_many(portable, n):
    portable({"a": n})

def test_plain():
    assert True

class TestAll:
    def test_method(self, portable):
        portable({"a": 3})

    def test_plain(self):
        assert True
"""
PORTABLE = {"test_marked", "test_unmarked", "test_many[1]", "test_many[2]", "TestAll::test_method"}
PLAIN = {"test_plain", "TestAll::test_plain"}


def lines(page: str) -> list[str]:
    text = (HOW_TO / page).read_text(encoding="utf-8")
    return [line.strip() for block in BLOCK.findall(text) for line in LINE.findall(block)]


SHOWN = [(page, line) for page in ("ci.md", "matrix.md") for line in lines(page)]


def outcome(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line as a job does; tox alone replaces `{toxworkdir}`."""
    words = shlex.split(line.replace("{toxworkdir}", "."))
    assert words[0] == "python"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_A", "GITHUB"))}
    return subprocess.run(
        [sys.executable, *words[1:], "-v", "-p", "no:cacheprovider"],
        cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_pages_have_these_kinds_of_line() -> None:
    assert {page for page, _ in SHOWN} == {"ci.md", "matrix.md"}
    assert any("-m portable" in line for _, line in SHOWN)
    assert any("--portable-export" in line for _, line in SHOWN)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_a_line_of_ci_selects_what_it_says(page: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(TESTS, encoding="utf-8")

    ran = outcome(line, tmp_path)

    assert ran.returncode == 0, f"{page}: {line}\n{ran.stdout}{ran.stderr}"
    passed = set(re.findall(r"^test_sample\.py::(\S+) PASSED", ran.stdout, re.MULTILINE))
    assert passed == (PORTABLE if "-m portable" in line else PORTABLE | PLAIN)
    if "--portable-export" in line:
        bundles = {each.parent for each in tmp_path.rglob("manifest.json")}
        assert len(bundles) == len(PORTABLE)
