"""Lock files of tools as declarations: the tool itself writes what they pin."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import EnvironmentRequest, prepare
from pytest_portable.environment.installers import find_uv
from pytest_portable.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse

pytestmark = pytest.mark.real

PROJECT = """
[project]
name = "app"
version = "1"
requires-python = ">=3.8"
dependencies = ["alpha<2"]
[project.optional-dependencies]
more = ["delta"]
[dependency-groups]
dev = ["gamma<2"]
"""


@pytest.fixture
def locked(tmp_path: Path, wheelhouse: Wheelhouse) -> Path:
    assert wheelhouse.folder.is_dir()
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    uv = find_uv(tmp_path)
    assert uv is not None
    subprocess.run([uv, "lock", "--quiet"], cwd=tmp_path, env=os.environ, check=True)
    # What the lock pins counts, not what is the newest now.
    assert 'name = "alpha"\nversion = "1.0"' in (tmp_path / "uv.lock").read_text("utf-8")
    return tmp_path


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("uv.lock", {"alpha": "1.0", "beta": "1.0"}),
        ("lock:uv.lock", {"alpha": "1.0", "beta": "1.0"}),
        ("lock:uv.lock[more]", {"alpha": "1.0", "beta": "1.0", "delta": "1.0"}),
        ("lock:uv.lock#group=dev", {"alpha": "1.0", "beta": "1.0", "gamma": "1.0"}),
    ],
)
def test_what_a_lock_pins_is_installed(
    settings: Callable[..., StoreSettings],
    installer: str,
    locked: Path,
    line: str,
    held: dict[str, str],
) -> None:
    request = EnvironmentRequest(python=None, requirements=(line,), root=locked)

    assert prepare(request, settings(installer)).distributions == held


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lock:uv.lock[nope]", "nope"),
        ("lock:uv.lock#group=nope", "nope"),
        ("lock:other/uv.lock", "cannot read"),
    ],
)
def test_what_a_lock_does_not_know_is_a_mistake(
    settings: Callable[..., StoreSettings], locked: Path, line: str, words: str
) -> None:
    request = EnvironmentRequest(python=None, requirements=(line,), root=locked)

    with pytest.raises(SetupError, match=words):
        prepare(request, settings())


@pytest.mark.parametrize("name", ["poetry.lock", "pdm.lock"])
def test_a_tool_that_is_missing_is_named_with_its_command(
    settings: Callable[..., StoreSettings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.setenv("PATH", "/usr/bin")
    request = EnvironmentRequest(python=None, requirements=(name,), root=tmp_path)

    with pytest.raises(SetupError, match=f"{name.partition('.')[0]} export --"):
        prepare(request, settings())
