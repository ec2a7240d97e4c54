"""The agent is many files and runs as one program: what can be seen of that from outside."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable import CommandTarget
from pytest_portable.agent import Agent, Transcript
from pytest_portable.agent.in_target import start
from pytest_portable.agent.program import FOLDER
from pytest_portable.agent.records import Raised
from pytest_portable.errors import AgentError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
MINORS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
SENT = "pytest_portable/agent/in_target"


def line_at(text: str, place: re.Match[str]) -> str:
    """Return the line of the repository that a traceback names."""
    assert place["folder"] == text
    return (FOLDER / place["file"]).read_text("utf-8").splitlines()[int(place["line"]) - 1].strip()


@pytest.fixture(params=MINORS)
def python(request: pytest.FixtureRequest) -> Path:
    found = sorted(VERSIONS.glob(f"{request.param}.*/bin/python"))
    if not found and not os.environ.get("CI"):
        pytest.skip(f"no CPython {request.param} below {VERSIONS}")
    return found[-1]


@pytest.fixture(params=[False, True], ids=["by path", "sent"])
def agent(python: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Agent, str]]:
    command = CommandTarget(["env", python]) if request.param else None
    made = Agent(python, command=command)
    yield made, SENT if request.param else str(FOLDER)
    made.close()


def ask(agent: Agent, **keys: Any) -> Transcript:
    request = {"dumpers": [["pickle:dumps", {}]], "protocol": 4, "round_trip": True}
    return agent.run_check(
        {**request, **keys}, [("obj", b"K\x01.")], loaders=["pickle:loads"], timeout_seconds=20.0
    )


def test_a_crash_of_the_agent_names_file_and_line(agent: tuple[Agent, str]) -> None:
    made, folder = agent
    made.there = "raise ValueError('boom')"

    with pytest.raises(AgentError, match="ValueError: boom") as caught:
        made.start()

    found = re.search(
        r'File "(?P<folder>[^"]+)/(?P<file>serve\.py)", line (?P<line>\d+), in open_server',
        str(caught.value),
    )
    assert found
    assert "greeting" in line_at(folder, found)


def test_a_crash_in_a_check_names_file_and_line(agent: tuple[Agent, str]) -> None:
    made, folder = agent

    transcript = ask(made, kind="again")

    found = re.fullmatch(
        r"agent: IndexError: list index out of range "
        r"\((?P<folder>[^\"]+)/(?P<file>\w+\.py), line (?P<line>\d+), in look_again\)\n",
        transcript.stderr,
    )
    assert not transcript.finished
    assert found, transcript.stderr
    assert line_at(folder, found) == 'probe = self.request["probes"][0]'


def test_what_user_code_raises_shows_no_frame_of_ours(agent: tuple[Agent, str]) -> None:
    made, _ = agent
    probe = {"label": "probe", "mode": "expression", "source": "1 / 0", "name": ""}

    raised = ask(made, kind="check", probes=[probe]).first(Raised)

    assert raised is not None
    assert [frame.file for frame in raised.error.frames] == ["<probe>"]
    assert "in_target" not in raised.error.traceback


def test_files_that_are_links_leave_nothing_on_the_path(python: Path, tmp_path: Path) -> None:
    # As an installer makes them that links to its cache.
    (tmp_path / "start.py").symlink_to(start.__file__)
    for name in start.FILES:
        (tmp_path / f"{name}.py").write_text("", "utf-8")
    (tmp_path / "serve.py").write_text(
        "def main(): print(sys.path)\ndef act(steps): pass\n", "utf-8"
    )

    done = subprocess.run(
        [python, "-s", tmp_path / "start.py", tmp_path], capture_output=True, text=True, check=True
    )

    assert str(tmp_path) not in done.stdout
    assert str(FOLDER) not in done.stdout


def test_compiled_files_are_kept_as_those_of_modules_are(python: Path, tmp_path: Path) -> None:
    for name in ("start", *start.FILES):
        (tmp_path / f"{name}.py").write_bytes((FOLDER / f"{name}.py").read_bytes())

    subprocess.run(
        [python, "-s", tmp_path / "start.py", tmp_path],
        check=False,  # nobody greets it
        env={},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    kept = {path.name.partition(".")[0] for path in tmp_path.glob("__pycache__/*.pyc")}
    assert kept == set(start.FILES)
