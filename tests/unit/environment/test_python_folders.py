from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment.python_folders import candidates, install_roots, path_candidates
from pytest_portable.environment.specs import parse_spec

if TYPE_CHECKING:
    from pathlib import Path


def install(prefix: Path, executable: str = "bin/python3") -> Path:
    path = prefix / executable
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def found(home: Path, spec: str, **variables: str) -> list[Path]:
    return [each.path for each in candidates(parse_spec(spec), install_roots(variables, home))]


@pytest.mark.parametrize(
    "prefix",
    [
        ".pyenv/versions/3.12.1",
        ".local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu",
        ".local/share/mise/installs/python/3.12.1",
        ".asdf/installs/python/3.12.1",
        ".local/share/hatch/pythons/3.12/python",
        ".local/share/pdm/python/cpython@3.12.1",
        ".local/share/pypoetry/python/cpython@3.12.1",
        ".rye/py/cpython@3.12.1",
    ],
)
def test_installations_of_version_managers_are_found(tmp_path: Path, prefix: str) -> None:
    path = install(tmp_path / prefix)

    assert found(tmp_path, "3.12") == [path]
    assert found(tmp_path, "3.11") == []


@pytest.mark.parametrize(
    ("variable", "prefix"),
    [
        ("PYENV_ROOT", "versions/3.12.1"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-3.12.1-linux"),
        ("MISE_DATA_DIR", "installs/python/3.12"),
        ("ASDF_DATA_DIR", "installs/python/3.12.1"),
        ("RUNNER_TOOL_CACHE", "Python/3.12.1/x64"),
        ("AGENT_TOOLSDIRECTORY", "Python/3.12.1/x64"),
        ("RYE_HOME", "py/cpython@3.12.1"),
    ],
)
def test_roots_move_with_their_variables(tmp_path: Path, variable: str, prefix: str) -> None:
    path = install(tmp_path / "moved" / prefix)

    assert found(tmp_path, "3.12", **{variable: str(tmp_path / "moved")}) == [path]


def test_conda_environments_tell_their_release_in_their_metadata(tmp_path: Path) -> None:
    path = install(tmp_path / "miniconda3" / "envs" / "work")
    meta = tmp_path / "miniconda3" / "envs" / "work" / "conda-meta"
    meta.mkdir()
    (meta / "python-3.12.1-h1.json").touch()

    assert found(tmp_path, "3.12") == [path]
    assert found(tmp_path, "3.11") == []


def test_the_newest_comes_first_and_previews_last(tmp_path: Path) -> None:
    versions = tmp_path / ".pyenv" / "versions"
    for name in ("3.9.18", "3.10.2", "3.10.13", "3.14.0a1"):
        install(versions / name)

    names = [path.parent.parent.name for path in found(tmp_path, ">=3.9")]

    assert names == ["3.10.13", "3.10.2", "3.9.18", "3.14.0a1"]


def test_other_implementations_and_unnamed_environments_are_left_alone(tmp_path: Path) -> None:
    versions = tmp_path / ".pyenv" / "versions"
    install(versions / "my-env")
    (versions / "3.12.0").mkdir()
    pypy = install(versions / "pypy3.10-7.3.12", "bin/pypy3")

    assert found(tmp_path, ">=3.8") == []
    assert found(tmp_path, "pypy3.10") == [pypy]


def test_path_is_searched_without_shims(tmp_path: Path) -> None:
    install(tmp_path / "shims", "python3.12")
    path = install(tmp_path / "tools", "python3.12")
    (tmp_path / "tools" / "python3").touch()  # not executable
    variables = {"PATH": f"{tmp_path}/shims:{tmp_path}/tools::relative"}

    assert list(path_candidates(parse_spec("3.12"), variables)) == [path]
    assert list(path_candidates(parse_spec(">=3.12"), variables)) == []


@pytest.mark.parametrize(
    ("platform", "prefix", "executable"),
    [
        ("win32", "AppData/Local/Programs/Python/Python312", "python.exe"),
        ("win32", ".pyenv/pyenv-win/versions/3.12.1", "python.exe"),
        ("darwin", "Library/Application Support/hatch/pythons/3.12/python", "bin/python3"),
    ],
)
def test_each_system_has_places_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, prefix: str, executable: str
) -> None:
    path = install(tmp_path / prefix, executable)
    monkeypatch.setattr("sys.platform", platform)

    assert found(tmp_path, "3.12") == [path]
