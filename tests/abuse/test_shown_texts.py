"""Texts that a terminal would obey, and names that no text can hold, in all that we write."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# A title, a colour, a bell, a line that writes over another, the other direction, half a pair.
EVIL = "\x1b]0;owned\x07\x1b[31mred\rover\u202e\udcff"
TESTS = r"""
import sys
import pytest

class Loud:
    def __init__(self, text):
        self.text = text
    def __getstate__(self):
        return {"text": self.text}
    def __setstate__(self, state):
        print(state["text"])
        raise ValueError(state["text"])

@pytest.mark.portable(deps=None, python=sys.executable)
@pytest.mark.parametrize("number", [1])
def test_told(portable, number):
    portable({@EVIL@: Loud(@EVIL@)})

@pytest.mark.portable(deps=None, python=sys.executable)
def test_noted(portable):
    portable({@EVIL@: 1})
"""
REPORTS = ("r.json", "r.md", "r.html")


def run(module: str, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONIOENCODING": "utf-8:strict", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env=env,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_nothing_evil_is_written(pytester: pytest.Pytester) -> None:
    folder = pytester.path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "test_evil.py").write_text(TESTS.replace("@EVIL@", ascii(EVIL)), "utf-8")

    words = [f"--portable-report={name}" for name in (*REPORTS, "github")]
    done = run("pytest", *words, f"--portable-export={folder / 'bundles'}", "-vv")

    told = done.stdout.decode("utf-8")
    assert " 1 failed, 1 passed" in told
    assert r"\x1b]0;owned\x07\x1b[31mred" in told
    written = [told, *((pytester.path / name).read_text("utf-8") for name in REPORTS)]
    for text in written:
        assert not set("\x1b\x07\r\u202e") & set(text)
    assert len(list((folder / "bundles").iterdir())) == 2


@pytest.mark.parametrize("command", ["inspect", "check"])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_file_with_an_evil_name_and_evil_texts(
    tmp_path: Path, command: str, more: list[str]
) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9\x1b[2J.pkl")
    file.write_bytes(pickle.dumps({EVIL: [1, EVIL]}))

    done = run("pytest_portable", command, *more, file)

    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("utf-8") + done.stderr.decode("utf-8")  # steps of a new environment
    assert not set("\x1b\x07\r\u202e") & set(text)


@pytest.mark.parametrize("words", [["verify"], ["inspect"], ["report"], ["check"]])
def test_an_evil_name_of_nothing_is_a_mistake(tmp_path: Path, words: list[str]) -> None:
    done = run("pytest_portable", *words, tmp_path / os.fsdecode(b"none\xe9\x1b[2J"))

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
    done.stderr.decode("utf-8")
