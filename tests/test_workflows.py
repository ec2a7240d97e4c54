"""The workflows of GitHub, read as data; GitHub alone can run them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = {file.stem: file for file in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
PAGE = (ROOT / "docs" / "how-to" / "matrix.md").read_text(encoding="utf-8")


def read(name: str) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))
    return workflow


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def commands(workflow: dict[Any, Any]) -> list[str]:
    return [step["run"] for step in steps(workflow) if "run" in step]


def test_these_are_the_workflows() -> None:
    assert set(WORKFLOWS) == {"ci", "release", "matrix-guard"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_to_commits_with_the_version_beside(name: str) -> None:
    lines = [
        line
        for line in WORKFLOWS[name].read_text(encoding="utf-8").splitlines()
        if "uses:" in line and not line.lstrip().startswith("#")
    ]

    assert lines
    for line in lines:
        assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_and_says_so(name: str) -> None:
    assert read(name)["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_command_holds_an_input_of_somebody_else(name: str) -> None:
    for command in commands(read(name)):
        held = re.findall(r"\$\{\{(.*?)\}\}", command)
        assert all(each.strip().startswith("matrix.") for each in held), command


def test_linux_runs_what_ci_runs() -> None:
    runs = [step["run"] for step in read("ci")["jobs"]["ubuntu"]["steps"] if "run" in step]

    assert runs == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_other_systems_install_as_the_readme_does_and_run_what_is_there() -> None:
    job = read("ci")["jobs"]["others"]
    install, tests = (step["run"] for step in job["steps"] if "run" in step)
    set_up = subprocess.run(
        [sys.executable, str(ROOT / "tasks" / "readme.py")],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert job["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert install.removeprefix("python ") in set_up
    folders = [word for word in shlex.split(tests) if word.startswith("tests/")]
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)


def test_a_release_needs_no_token_and_builds_before_it_may_publish() -> None:
    build, publish = (read("release")["jobs"][name] for name in ("build", "publish"))

    assert "secrets." not in WORKFLOWS["release"].read_text(encoding="utf-8")
    assert "permissions" not in build
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["needs"] == "build"
    assert not any("run" in step for step in publish["steps"])
    for command in commands(read("release")):
        for word in shlex.split(command):
            assert not word.startswith("tests/") or (ROOT / word).exists(), word


def test_the_guard_runs_the_commands_of_the_page() -> None:
    shown = re.search(r"^## GitHub Actions\n.*?```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert shown
    inputs = {"$INSTALL": "-e . pytest-portable uv", " $TESTS": ""}

    def said(command: str) -> str:
        for name, value in inputs.items():
            command = command.replace(name, value)
        return command

    assert [said(each) for each in commands(read("matrix-guard"))] == commands(
        yaml.safe_load(shown[1])
    )
    # YAML 1.1 reads the key `on` as a boolean.
    declared = read("matrix-guard")[True]["workflow_call"]["inputs"]
    assert declared["install"]["default"] == inputs["$INSTALL"]
    assert declared["tests"]["default"] == ""


def test_the_page_calls_the_guard_by_names_it_has() -> None:
    called = re.search(
        r"uses: (pytest-portable/\S+)@\S+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    assert called

    assert (ROOT / called[1].removeprefix("pytest-portable/pytest-portable/")).is_file()
    given = yaml.safe_load(called[2])["with"]
    assert set(given) <= set(read("matrix-guard")[True]["workflow_call"]["inputs"])
    assert given
