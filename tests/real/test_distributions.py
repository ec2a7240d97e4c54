"""The wheel and the sdist, built by the real backend and used without this folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.network]

ROOT = Path(__file__).parent.parent.parent
CONSTRAINTS = ROOT / "constraints" / "tests.txt"
SAMPLE = """
import pytest
import pytest_portable


@pytest.mark.portable
def test_settings(portable):
    assert "site-packages" in pytest_portable.__file__
    portable({"retries": 3}, probe="obj['retries']")
"""


def run(*command: str | Path, cwd: Path) -> str:
    ours = ("PYTHON", "PYTEST", "COVERAGE", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, check=False,
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel, which is built from the sdist, and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "uv", "build", "--python", sys.executable,
        "--build-constraint", CONSTRAINTS, "--out-dir", folder, ROOT, cwd=folder)  # fmt: skip
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def environment_with(folder: Path, *requirements: str) -> Path:
    run(sys.executable, "-m", "uv", "venv", "--python", sys.executable, folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--python", python,
        "-c", CONSTRAINTS, *requirements, cwd=folder)  # fmt: skip
    return python


def test_the_wheel_works_where_no_source_is(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = environment_with(tmp_path, str(built[0]))
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_sample.py").write_text(SAMPLE, encoding="utf-8")

    assert "1 passed" in run(python, "-m", "pytest", "-p", "no:cacheprovider", cwd=project)
    told = run(python, "-m", "pytest_portable", "check", "http:HTTPStatus.OK", cwd=project)
    assert "portable to" in told


def test_the_wheel_holds_the_package_and_says_where_it_comes_from(
    built: tuple[Path, Path],
) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        names = archive.namelist()
        (name,) = (each for each in names if each.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())

    assert {each.split("/")[0] for each in names} == {"pytest_portable", name.split("/")[0]}
    here = {
        each.relative_to(ROOT / "src").as_posix()
        for each in (ROOT / "src" / "pytest_portable").rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    assert here <= set(names)
    urls = dict(each.split(", ", 1) for each in metadata.get_all("Project-URL", []))
    assert set(urls) == {"Changelog", "Documentation", "Issues", "Source"}
    assert metadata["Author"] == "The pytest-portable developers"
    assert "Framework :: Pytest" in metadata.get_all("Classifier", [])


def test_the_sdist_tests_itself(built: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("pytest_portable-*")
    python = environment_with(tmp_path, f"{source}[test,uv]")

    rooms = ("tests/test_workflows.py", "tests/unit/settings", "tests/unit/payload")
    quick = ("-q", "-p", "no:cacheprovider", "-m", "not real and not slow")
    told = run(python, "-m", "pytest", *quick, "tests/test_architecture.py", *rooms, cwd=source)

    assert " passed" in told
    assert "failed" not in told
