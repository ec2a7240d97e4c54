from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import find_interpreter, project
from pytest_portable.environment.project import copy_tree, keep_wheel, kept_wheel, read_tree
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a project that git knows nothing about."""
    monkeypatch.setattr(project, "_git", lambda *_arguments: None)
    root = tmp_path / "project"
    for name in ("src/a/__init__.py", "src/a/data.txt", "build/lib/old.py", "src/a.egg-info/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n', "utf-8")
    return root


def test_what_tools_leave_behind_is_no_source(source: Path) -> None:
    assert read_tree(source).files == ("pyproject.toml", "src/a/__init__.py", "src/a/data.txt")


def test_content_names_and_modes_count_and_times_do_not(source: Path) -> None:
    before = read_tree(source).digest
    os.utime(source / "src/a/data.txt", (1, 1))
    touched = read_tree(source).digest
    (source / "src/a/data.txt").write_text("x", encoding="utf-8")
    changed = read_tree(source).digest
    (source / "src/a/data.txt").rename(source / "src/a/other.txt")
    renamed = read_tree(source).digest

    assert touched == before
    assert len({before, changed, renamed}) == 3


def test_the_copy_holds_what_was_hashed_and_nothing_else(source: Path, tmp_path: Path) -> None:
    tree = read_tree(source)

    copy_tree(tree, tmp_path / "copy")

    assert read_tree(tmp_path / "copy").digest == tree.digest
    assert not (tmp_path / "copy" / "build").exists()


def test_a_file_that_went_away_is_an_error(source: Path, tmp_path: Path) -> None:
    tree = read_tree(source)
    (source / "src/a/data.txt").unlink()

    with pytest.raises(SetupError, match="cannot copy the project"):
        copy_tree(tree, tmp_path / "copy")


def test_git_names_the_files_and_its_state_counts_for_a_dynamic_version(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "--cached": "pyproject.toml\0src/a/__init__.py\0gone.py\0",
        "--ignored": "src/a/data.txt\0src/a/x.pyc\0build/lib/old.py\0",
        "describe": "v1-0-gabc\n",
        "rev-parse": "/repository/.git\n",
    }

    def git(_path: Path, *arguments: str) -> str | None:
        return next((said[each] for each in said if each in arguments), None)

    monkeypatch.setattr(project, "_git", git)
    fixed = read_tree(source)
    (source / "pyproject.toml").write_text('[project]\ndynamic = ["version"]\n', "utf-8")
    tagged = read_tree(source)
    said["describe"] = "v2-0-gabc\n"
    retagged = read_tree(source)
    copy_tree(retagged, tmp_path / "copy")

    assert fixed.files == ("pyproject.toml", "src/a/__init__.py", "src/a/data.txt")
    assert fixed.git_folder is None
    assert tagged.digest != retagged.digest
    assert (tmp_path / "copy" / ".git").read_text("utf-8") == "gitdir: /repository/.git\n"


def test_a_pure_wheel_serves_every_python_and_another_only_its_own(
    source: Path, tmp_path: Path
) -> None:
    tree, interpreter = read_tree(source), find_interpreter(None)
    pure, own = tmp_path / "a-1-py3-none-any.whl", tmp_path / "a-1-cp311-cp311-linux_x86_64.whl"
    pure.touch()
    own.touch()

    assert kept_wheel(tmp_path / "wheels", tree, interpreter) is None
    first = keep_wheel(tmp_path / "wheels", tree, interpreter, own)
    assert kept_wheel(tmp_path / "wheels", tree, interpreter) == first
    second = keep_wheel(tmp_path / "wheels", tree, interpreter, pure)
    assert kept_wheel(tmp_path / "wheels", tree, interpreter) == second
    assert second.parent.name == tree.digest
    assert first.parent.name.startswith(f"{tree.digest}-")
