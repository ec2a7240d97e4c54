from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_portable.environment.layout import import_names, installed, site_folders

if TYPE_CHECKING:
    from pathlib import Path


def test_distributions_are_read_off_their_metadata(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for name in ("My_Pkg-1.0.dist-info", "torch-2.0+cu118.dist-info", "old-1.2-py3.8.egg-info"):
        (first / name).mkdir(parents=True)
    (second / "my_pkg-0.1.dist-info").mkdir(parents=True)

    found = installed([first, second, tmp_path / "absent"])

    assert found == {"my-pkg": "1.0", "old": "1.2", "torch": "2.0+cu118"}


def test_modules_and_packages_can_be_imported_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "namespace").mkdir()
    for name in ("module.py", "ext.cpython-312-x86_64-linux-gnu.so", "_private.py", "a.pth"):
        (tmp_path / name).touch()
    (tmp_path / "not-a-name.py").touch()

    assert import_names([tmp_path, tmp_path / "absent"]) == ["ext", "module", "package"]


def test_the_site_folder_is_found_without_asking_the_interpreter(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)

    assert site_folders(tmp_path) == [site]
    assert site_folders(tmp_path / "absent") == []
