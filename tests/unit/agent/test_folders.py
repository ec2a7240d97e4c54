"""Folders whatever user code did to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_portable.agent.in_target.folders import list_files, make_inside, remove_tree
from pytest_portable.agent.in_target.limits import MAX_FILES

DEEP = 1500  # deeper than functions can call one another, and than a path can name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def dig(folder: Path) -> None:
    os.chdir(folder)
    for _ in range(DEEP):
        Path("file").touch()
        Path("inner-folder").mkdir()
        os.chdir("inner-folder")
    os.chdir(folder.parent)


def test_files_and_empty_folders_are_listed_in_order(folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "a").mkdir()
    (folder / "a" / "z").touch()
    (folder / "c").symlink_to("/")

    assert list_files(str(folder)) == ["a/z", "b", "c"]


def test_what_is_deep_is_listed_up_to_a_limit_and_removed(folder: Path) -> None:
    dig(folder)

    assert len(list_files(str(folder))) == MAX_FILES
    remove_tree(str(folder))

    assert not list(folder.parent.iterdir())


def test_of_many_files_some_are_listed(folder: Path) -> None:
    for number in range(2 * MAX_FILES):
        (folder / f"{number:03}").touch()

    assert list_files(str(folder)) == [f"{number:03}" for number in range(MAX_FILES)]


def test_locked_folders_are_removed_and_links_not_followed(folder: Path) -> None:
    kept = folder.parent / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (folder / "locked" / "inner").mkdir(parents=True)
    (folder / "link").symlink_to(kept)
    (folder / "locked" / "inner" / "link").symlink_to(kept)
    (folder / "locked" / "inner").chmod(0)
    (folder / "locked").chmod(0)
    folder.chmod(0)

    remove_tree(str(folder))

    assert [path.name for path in folder.parent.iterdir()] == ["kept"]
    assert (kept / "file").exists()


def test_a_link_in_the_place_of_a_folder_is_removed_alone(folder: Path) -> None:
    (folder / "file").touch()
    link = folder.parent / "link"
    link.symlink_to(folder)

    assert list_files(str(link)) == []
    remove_tree(str(link))

    assert (folder / "file").exists()
    assert not os.path.lexists(link)


@pytest.mark.parametrize("replaced_by", ["nothing", "a file", "a link"])
def test_the_agents_own_folder_is_made_again(folder: Path, replaced_by: str) -> None:
    other = folder.parent / "other"
    other.mkdir()
    folder.rmdir()
    if replaced_by == "a file":
        folder.touch()
    elif replaced_by == "a link":
        folder.symlink_to(other)

    make_inside(str(folder), str(folder / "check"))

    assert (folder / "check").is_dir()
    assert Path.cwd() == folder / "home"
    assert not list(other.iterdir())
