"""Run the examples of a page: every block of code in README and docs is run, or says why not.

A comment right before a block says what to expect of it; whatever stands on the comment's further
lines is code that the page does not show (Python above a test, commands before a file):

    <!-- example: fails missing-distribution
    model = make_model()
    -->

The words are `passes` (what python and console blocks do unless told otherwise), `fails WORDS` and
`errors WORDS` (the outcome of a test, and what its output must say), `status N WORDS` (of a
command), `inside` (the block is the body of a test that passes), `file NAME` (the block is this
file from here on), `change NAME` (the block is a change of this file: lines begin with a space,
`-` or `+`), `output` (the block is an excerpt of what the example before it printed, or of
what the comment's own command printed: `output status 1` and the command), `shown REASON` (the
block is not run here). Commands find this project in `$ROOT`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Block", "Page", "blocks"]

LIMIT_SECONDS: Final = 600
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[\w{}-]*)")


@dataclass(frozen=True)
class Block:
    """One block of code of a page.

    Attributes:
        line: of the fence, from 1.
        word: what the comment says first; empty without a comment.
        rest: what stands behind the word.
        hidden: code of the comment.
    """

    line: int
    language: str
    text: str
    word: str = ""
    rest: str = ""
    hidden: str = ""


def blocks(text: str) -> Iterator[Block]:
    """Give the blocks of code of a page, in order."""
    lines = text.splitlines()
    number, comment = 0, ("", "", "")
    while number < len(lines):
        line = lines[number]
        if line.startswith("<!-- example:"):
            end = next(n for n in range(number, len(lines)) if "-->" in lines[n])
            said = "\n".join(lines[number : end + 1])[len("<!-- example:") :].partition("-->")[0]
            first, _, hidden = said.partition("\n")
            word, _, rest = first.strip().partition(" ")
            comment = (word, rest.strip(), hidden)
            number = end + 1
            continue
        if found := _FENCE.match(line):
            fence = found["indent"] + found["fence"]
            end = next(n for n in range(number + 1, len(lines)) if lines[n].startswith(fence))
            body = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
            yield Block(number + 1, found["language"], body, *comment)
            number = end
        if line.strip():
            comment = ("", "", "")
        number += 1


class Page:
    """Runs the blocks of one page in one folder, in order."""

    def __init__(self, folder: Path) -> None:
        """Start in an empty folder."""
        self.folder = folder
        self.output = ""

    def run(self, block: Block) -> None:
        """Run one block.

        Raises:
            AssertionError: it does not do what its comment says.
        """
        if block.word == "shown":
            assert block.rest, "say why the block is not run"
        elif block.word == "file":
            if block.hidden:
                self._command(block.hidden, "")
            (self.folder / block.rest).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / block.rest).write_text(block.text, "utf-8")
        elif block.word == "change":
            self._change(self.folder / block.rest, block.text)
        elif block.word == "output":
            if block.hidden:
                self._command(block.hidden, block.rest.removeprefix("status").strip())
            self._compare(block.text)
        elif block.language == "python":
            self._test(block)
        elif block.language.startswith("{"):
            return  # a directive of Sphinx
        elif block.language == "console":
            self._command(block.text, block.rest if block.word == "status" else "")
        else:
            raise AssertionError(f"a block of {block.language or 'text'} needs a comment")

    def _test(self, block: Block) -> None:
        body = block.text
        if block.word == "inside":
            body = "def test_example(portable):\n" + textwrap.indent(body, "    ")
        name = f"test_line_{block.line}.py"
        source = f"import pytest\n{block.hidden}\n{body}"
        (self.folder / name).write_text(source, "utf-8")
        status = self._start([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", name])
        (self.folder / name).unlink()
        summary = self.output.splitlines()[-1]
        kind = {"fails": " failed", "errors": " error"}.get(block.word, " passed")
        assert kind in summary, self.output
        assert status == (0 if kind == " passed" else 1), self.output
        self._expect(block.rest)

    def _change(self, path: Path, change: str) -> None:
        before, after = (
            "".join(
                line[1:] or line for line in change.splitlines(keepends=True) if line[0] != sign
            )
            for sign in "+-"
        )
        text = path.read_text("utf-8")
        assert text.count(before) == 1, f"{path.name} does not have once:\n{before}"
        path.write_text(text.replace(before, after), "utf-8")

    def _command(self, command: str, expected: str) -> None:
        wanted, _, words = expected.partition(" ")
        status = self._start(["bash", "-euo", "pipefail", "-c", command])
        assert status == int(wanted or 0), self.output
        self._expect(words)

    def _expect(self, words: str) -> None:
        assert _plain(words) in _plain(self.output), self.output

    def _start(self, argv: list[str]) -> int:
        env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        path = os.pathsep.join((str(Path(sys.executable).parent), env["PATH"]))
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env={**_KNOWN, **env, "PATH": path, "ROOT": str(_ROOT), **_QUIET},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        self.output = done.stdout
        return done.returncode

    def _compare(self, text: str) -> None:
        printed = {_plain(_REPORTED.sub("", line)) for line in self.output.splitlines()}
        printed |= {_plain(line) for line in self.output.splitlines()}
        for line in text.splitlines():
            assert _plain(line) in printed or line.strip() in ("", "..."), (
                f"{line!r} was not printed:\n{self.output}"
            )


# How pytest begins the lines of a failure.
_REPORTED = re.compile(r"^E +(pytest_portable\.\w+: )?")
_ROOT: Final = Path(__file__).parents[2]
_QUIET: Final = {"COLUMNS": "80", "NO_COLOR": "1"}
# What the examples ask for comes in known versions, unless the environment says otherwise.
_KNOWN: Final = dict.fromkeys(
    ("UV_CONSTRAINT", "PIP_CONSTRAINT"), str(_ROOT / "constraints" / "targets.txt")
)
_DROPPED: Final = frozenset({"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"})


def _plain(text: str) -> str:
    """Cut what differs between two runs: numbers, versions, spaces, folders of temporary files."""
    text = re.sub(r"/\S*/(?=test_line_|cache)", "", text)
    return " ".join(re.sub(r"\d+(\.\d+)*(,\d+)*", "0", text).split())
