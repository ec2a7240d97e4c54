"""A Python that is missing is installed by uv, from a mirror that lies in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import EnvironmentRequest, StoreSettings, find_interpreter, prepare
from pytest_portable.errors import InterpreterNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(sys.platform != "linux", reason="the mirror has a Python for Linux"),
]

LEFT_OUT = ("test", "idlelib", "lib2to3", "site-packages", "__pycache__")


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack an installed Python 3.9 as uv's archives are, and list it as uv's own list does."""
    folder = tmp_path_factory.mktemp("mirror")
    installed = find_interpreter("3.9")
    prefix = installed.path.parents[1]
    archive = folder / "python.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for name in ("bin", "include", "lib"):
            packed.add(
                prefix / name,
                f"python/{name}",
                filter=lambda each: each if not {*LEFT_OUT} & {*each.name.split("/")} else None,
            )
    version = installed.version_info
    machine = platform.machine()
    known = {
        "name": "cpython",
        "arch": {"family": machine, "variant": None},
        "os": "linux",
        "libc": "gnu",
        **dict(zip(("major", "minor", "patch"), version, strict=False)),
        "prerelease": "",
        "url": archive.as_uri(),
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "variant": None,
        "build": "20240101",
    }
    name = f"cpython-{installed.version}-linux-{machine}-gnu"
    (folder / "list.json").write_text(json.dumps({name: known}), encoding="utf-8")
    return folder


@pytest.fixture
def settings(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> StoreSettings:
    """Hide the Pythons of this machine, but for the running one, and name the mirror."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS_JSON_URL", str(mirror / "list.json"))
    return StoreSettings(cache_dir=tmp_path / "cache", install_python=True)


def test_it_is_installed_once_and_used(settings: StoreSettings, tmp_path: Path) -> None:
    request = EnvironmentRequest(python="3.9", requirements=(), root=tmp_path)
    steps: list[str] = []

    made = prepare(request, settings, report=steps.append)
    again = prepare(request, settings, report=steps.append)

    assert made.interpreter.version.startswith("3.9.")
    assert made.interpreter.path.is_relative_to(tmp_path / ".local" / "share" / "uv" / "python")
    assert again.path == made.path
    assert [step for step in steps if "uv" in step] == ["installing Python 3.9 with uv"]
    assert not (tmp_path / ".local" / "bin").exists()


def test_nothing_is_installed_unasked(settings: StoreSettings, tmp_path: Path) -> None:
    request = EnvironmentRequest(python="3.9", requirements=(), root=tmp_path)

    with pytest.raises(InterpreterNotFoundError) as caught:
        prepare(request, replace(settings, install_python=False))

    assert "(uv python install 3.9, or --portable-install-python)" in str(caught.value)
    assert not (tmp_path / ".local").exists()


@pytest.mark.parametrize(
    ("python", "change", "words"),
    [
        ("3.9", {"offline": True}, "it is to be installed, but offline nothing is"),
        ("3.98", {}, "uv python install 3.98 ended with 2:\nerror: No download found"),
        ("3.9", {"install_timeout_seconds": 0.001}, "uv did not install it within 0.001 s"),
    ],
)
def test_why_it_is_not_installed(
    settings: StoreSettings, tmp_path: Path, python: str, change: dict[str, float], words: str
) -> None:
    request = EnvironmentRequest(python=python, requirements=(), root=tmp_path)

    with pytest.raises(InterpreterNotFoundError) as caught:
        prepare(request, replace(settings, **change))  # type: ignore[arg-type]

    assert words in str(caught.value)
    assert "looked in:" in str(caught.value)


def test_a_path_is_no_python_to_install(settings: StoreSettings, tmp_path: Path) -> None:
    absent = str(tmp_path / "bin" / f"python{os.sep}")

    with pytest.raises(InterpreterNotFoundError) as caught:
        prepare(EnvironmentRequest(python=absent, requirements=(), root=tmp_path), settings)

    assert "uv" not in str(caught.value).replace(str(tmp_path), "")
