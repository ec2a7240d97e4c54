from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import find_place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Ac.me"\n', encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "src" / "acme_core").mkdir(parents=True)
    (tmp_path / "notes.rst").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pyproject.toml", '"."'),
        ("setup.cfg", '"."'),
        ("environment.yml", "conda"),
        ("environment.yaml", "conda"),
        ("conda-lock.yml", "conda"),
        ("dev-environment.yml", "conda"),
        ("pixi.lock", "pixi"),
        ("requirements.txt", '"-r requirements.txt"'),
        ("requirements-dev.in", '"-r requirements-dev.in"'),
        ("Pipfile.lock", "pipenv requirements"),
        ("ac-me", '"ac-me==VERSION"'),
        ("Ac.Me[serve]", '"."'),
        ("models", '"./models"'),
        ("src", '"./src"'),
        ("acme_core", "src/acme_core"),
        ("notes.rst", "file here"),
        ("models ; python_version > '3'", '"./models"'),
        ("-r uv.lock", '"lock:uv.lock"'),
        ("-r deploy/environment.yml", "conda"),
        ("-c pyproject.toml", "lists no requirements"),
    ],
)
def test_a_word_of_the_project_is_no_package(root: Path, line: str, words: str) -> None:
    found = find_place(line, root)

    assert found is not None
    assert words in found
    assert "\n" not in found


@pytest.mark.parametrize(
    "line",
    [
        *(".", "./models", "models>=1", "acme==1.0", "src>=0", "acme @ https://h/a.whl"),
        *("numpy", "ruamel.yaml", "discord.py", "zope.interface", "requirements-parser"),
        *("-r requirements.txt", "-c constraints.txt", "lock:uv.lock", "uv.lock", "group:dev"),
        *("script:notes.py", "not a name", "--pre", "git+https://h/acme", "", "# models"),
    ],
)
def test_what_says_that_it_is_a_package_is_one(root: Path, line: str) -> None:
    assert find_place(line, root) is None


def test_older_projects_have_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = older\n", encoding="utf-8")

    assert "this project" in str(find_place("Older", tmp_path))
    assert find_place("newer", tmp_path) is None
