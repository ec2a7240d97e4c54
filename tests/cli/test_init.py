from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from pytest_portable.cli import main
from pytest_portable.environment.sources import read_toml

if TYPE_CHECKING:
    from pathlib import Path

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package that this Python alone may run, with nothing of pytest's."""
    root = tmp_path / "project"
    (root / "src" / "big_trips").mkdir(parents=True)
    (root / "src" / "big_trips" / "__init__.py").touch()
    (root / "pyproject.toml").write_text(
        "# ours\n[project]\nname = 'Big.Trips'\nversion = '1'\n"
        f"requires-python = '~={RUNNING}.0' # why",
        encoding="utf-8",
    )
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {
        each.relative_to(root).as_posix(): each.read_bytes()
        for each in root.rglob("*")
        if each.is_file()
    }


def run_as_users_do(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_ADDOPTS")}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd, env=clean, check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.slow
def test_a_fresh_project_is_green_right_after(project: Path) -> None:
    made = run_as_users_do("pytest_portable", "init", cwd=project)
    ran = run_as_users_do("pytest", "-m", "portable", "-v", cwd=project)

    assert made.returncode == 0, made.stderr
    assert f"project: big-trips, package big_trips, Pythons {RUNNING}\n" in made.stdout
    assert "run: python -m pytest -m portable\n" in made.stdout
    assert ran.returncode == 0, ran.stdout
    assert "test_portable.py::test_settings PASSED" in ran.stdout
    assert "1 passed" in ran.stdout


@pytest.mark.slow
def test_a_folder_with_nothing_in_it_is_green_right_after(tmp_path: Path) -> None:
    made = run_as_users_do("pytest_portable", "init", cwd=tmp_path)
    ran = run_as_users_do("pytest", "-m", "portable", cwd=tmp_path)

    assert made.returncode == 0, made.stderr
    assert (tmp_path / "pytest.ini").read_text() == f"[pytest]\nportable_python = {RUNNING}\n"
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_pyproject_keeps_its_text_and_gets_a_table(project: Path) -> None:
    before = (project / "pyproject.toml").read_bytes()

    assert main(["init", str(project)]) == 0

    after = (project / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert read_toml(project / "pyproject.toml", "")["tool"] == {
        "pytest": {"ini_options": {"portable_python": [RUNNING]}}
    }


def test_the_workflow_installs_the_project_and_these_pythons(project: Path) -> None:
    main(["init", str(project)])

    file = project / ".github" / "workflows" / "portability.yml"
    steps = yaml.safe_load(file.read_text())["jobs"]["portability"]["steps"]
    assert steps[1]["with"]["python-version"].split() == [RUNNING]
    assert [step["run"] for step in steps if "run" in step] == [
        "python -m pip install -e . pytest-portable uv",
        "python -m pytest -m portable --portable-report github",
    ]


def test_a_dry_run_shows_everything_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(project)

    assert main(["init", "--dry-run", str(project)]) == 0

    told = capsys.readouterr().out
    assert contents(project) == before
    assert f"would write: {project}/tests/test_portable.py\n    import pytest\n" in told
    assert f"would append to: {project}/pyproject.toml\n    [tool.pytest.ini_options]\n" in told
    assert f"would write: {project}/.github/workflows/portability.yml\n    name:" in told


def test_a_second_time_nothing_changes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", str(project)])
    before = contents(project)
    capsys.readouterr()

    assert main(["init", str(project)]) == 0

    assert contents(project) == before
    assert capsys.readouterr().out.count("left alone: ") == 3


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("pytest.ini", "[pytest]\naddopts = -ra\n", "[pytest]\n    portable_python = "),
        ("tox.ini", "[pytest]\naddopts = -ra\n", "[pytest]\n    portable_python = "),
        ("setup.cfg", "[tool:pytest]\naddopts = -ra\n", "[tool:pytest]\n    portable_python = "),
        ("pytest.toml", "[pytest]\naddopts = ['-ra']\n", '[pytest]\n    portable_python = ["'),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\naddopts = '-ra'\n",
            '[tool.pytest.ini_options]\n    portable_python = ["',
        ),
        (
            "pyproject.toml",
            "[tool.pytest]\naddopts = ['-ra']\n",
            '[tool.pytest]\n    portable_python = ["',
        ),
        (
            "pyproject.toml",
            "tool = {black = {}}\n",
            '[tool.pytest.ini_options]\n    portable_python = ["',
        ),
    ],
)
def test_a_configuration_that_is_there_is_left_alone(
    name: str, text: str, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert main(["init", str(tmp_path)]) == 0

    told = capsys.readouterr().out
    assert (tmp_path / name).read_text() == text
    assert f"left alone: {tmp_path / name} (" in told
    assert shown in told
    assert not (tmp_path / "pytest.ini").exists() or name == "pytest.ini"


def test_tox_without_a_section_for_pytest_is_not_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[tox]\n", encoding="utf-8")

    main(["init", str(tmp_path)])

    assert (tmp_path / "tox.ini").read_text() == "[tox]\n"
    assert (tmp_path / "pytest.ini").is_file()


@pytest.mark.parametrize(
    ("text", "folder"),
    [("[pytest]\ntestpaths = checks more\n", "checks"), ("[pytest]\n", "test")],
)
def test_the_first_test_goes_where_tests_are(text: str, folder: str, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(text, encoding="utf-8")
    (tmp_path / folder).mkdir()

    main(["init", str(tmp_path)])

    assert (tmp_path / folder / "test_portable.py").is_file()


def test_a_project_below_its_repository_gets_no_workflow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "part").mkdir()

    main(["init", str(tmp_path / "part")])

    assert not (tmp_path / "part" / ".github").exists()
    assert f"GitHub reads those of {tmp_path} alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("pyproject.toml", "[project\n", "is no valid TOML"),
        ("pyproject.toml", "[project]\nrequires-python = 'new'\n", "requires-python"),
        ("pytest.ini", "addopts\n", "cannot be read"),
        ("tests", "a file", "tests"),
    ],
)
def test_what_cannot_be_read_or_written_is_told(
    name: str, text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert main(["init", str(tmp_path)]) == 2

    error = capsys.readouterr().err
    assert error.startswith("pytest-portable: ")
    assert told in error
    assert error.count("\n") == 1


def test_a_folder_that_is_not_there_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "none")]) == 2
    assert "none is no folder" in capsys.readouterr().err
