"""The command after `by hand:` gives the verdict of the test, wherever and however that was run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

OLDER = "3.10"
PROJECT = {
    "tests/unit/test_hand.py": """
        import handkit, pytest

        @pytest.mark.portable(ship=["handkit"])
        def test_shipped(portable):
            portable({"k": [handkit.Odd()]})

        def test_plain(portable):
            portable([handkit.Odd()])
        """,
    "handkit.py": """
        import sys

        class Odd:
            def __setstate__(self, state):
                raise LookupError(sys.version_info[:2])
            def __init__(self):
                self.a = 1
        """,
    "limits.txt": "six<2\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    from textwrap import dedent

    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.setenv("COLUMNS", "400")
    for name, text in PROJECT.items():
        file = pytester.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    return pytester


def told(text: str) -> list[str]:
    """Return what a failure says of its cause."""
    lines = [line.removeprefix("E").strip() for line in text.splitlines()]
    return [re.sub(r" +", " ", line) for line in lines if re.match(r"1  |there: |broke at", line)]


@pytest.mark.parametrize("folder", [".", "tests/unit"])
@pytest.mark.parametrize("test", ["test_shipped", "test_plain"])
@pytest.mark.parametrize(
    "options", [(), (f"--portable-python={OLDER}", "--portable-constraint=limits.txt")]
)
def test_it_says_the_same(
    project: pytest.Pytester, folder: str, test: str, options: tuple[str, ...]
) -> None:
    here = project.path / folder
    up = os.path.relpath(project.path, here)
    given = [option.replace("=limits", f"={up}/limits") for option in options]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", test, *given],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    (command,) = re.findall(r"by hand: (.+)", ran.stdout)
    # `python` is the user's own.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    again = subprocess.run(
        command,
        shell=True,
        cwd=here,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told(again.stdout) == told(ran.stdout) != [], again.stdout + again.stderr
    if options and test == "test_shipped":
        assert "LookupError: (3, 10)" in again.stdout
