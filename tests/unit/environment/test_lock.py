from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment.lock import lock_lines
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

LOCK = """
lock-version = "1.0"
created-by = "tests"
[[packages]]
name = "a"
version = "1.0"
marker = "python_version >= '3'"
wheels = [
  {name = "a-1.0-py3-none-any.whl", path = "wheels/a.whl", hashes = {sha256 = "ab"}},
  {name = "a-1.0-py2-none-any.whl", url = "https://h/a.whl", hashes = {sha256 = "cd", md5 = "x"}},
]
sdist = {name = "a-1.0.tar.gz", url = "https://h/a-1.0.tar.gz", hashes = {sha512 = "ef"}}
[[packages]]
name = "b"
vcs = {type = "git", url = "https://h/b", commit-id = "123", subdirectory = "x"}
[[packages]]
name = "c"
archive = {url = "https://h/c.zip", hashes = {sha256 = "ab"}}
[[packages]]
name = "d"
directory = {path = "d"}
"""


def test_packages_become_pins_with_hashes_and_direct_references(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(LOCK, encoding="utf-8")

    assert lock_lines(path) == [
        f"--find-links {tmp_path}/wheels",
        "a==1.0 ; python_version >= '3' --hash=sha256:ab --hash=sha256:cd --hash=sha512:ef",
        "b @ git+https://h/b@123#subdirectory=x",
        "c @ https://h/c.zip",
        f"d @ file://{tmp_path}/d",
    ]


def test_a_package_from_nowhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text("[[packages]]\nname = 'a'\nversion = '1'\n", encoding="utf-8")

    with pytest.raises(SetupError, match="'a' has neither"):
        lock_lines(path)
