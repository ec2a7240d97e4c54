"""Real installers, but no index and nobody's cache: wheels made here are all there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.environment import StoreSettings
from support.wheels import Wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Wheelhouse:
    """Hold `alpha` 1.0 and 2.0, which needs `beta`; `gamma` is for newer Pythons only."""
    house = Wheelhouse(tmp_path_factory.mktemp("wheelhouse"))
    for version in ("1.0", "2.0"):
        house.add("alpha", version, requires=["beta>=1"], extras={"more": ["delta"]})
    house.add("beta")
    house.add("delta")
    house.add("gamma", "1.0")
    house.add("gamma", "2.0", requires_python=">=3.9")
    house.add("chatty", modules={"chatty.py": "print('loaded')\nraise SystemExit(3)\n"})
    return house


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Environments that tests share and never change."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _only_the_wheelhouse(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, session_cache: Path
) -> None:
    """Keep the tests of environments off every index; others here say what they need."""
    if not request.module.__name__.rpartition(".")[2].startswith("test_environment_"):
        return
    wheelhouse = request.getfixturevalue("wheelhouse")
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "PYTHON")):
            monkeypatch.delenv(name)
    for name, value in wheelhouse.variables.items():
        monkeypatch.setenv(name, value)
    # Whoever asks an index all the same fails at once.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(session_cache / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(session_cache / "pip"))
    monkeypatch.setenv("VIRTUALENV_OVERRIDE_APP_DATA", str(session_cache / "virtualenv"))
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(session_cache))


@pytest.fixture
def settings(session_cache: Path) -> Callable[..., StoreSettings]:
    """Make settings of the shared store; `cache_dir` gives a test one of its own."""

    def make(installer: str = "uv", **values: Any) -> StoreSettings:
        return StoreSettings(**{"cache_dir": session_cache, "installer": installer, **values})

    return make


@pytest.fixture(params=PYTHONS)
def python(request: pytest.FixtureRequest) -> str:
    """Name every CPython that must work as a target; a missing one fails in CI only."""
    spec = str(request.param)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    if not any(root.glob(f"versions/{spec}.*")):
        if os.environ.get("CI"):
            pytest.fail(f"CI must have CPython {spec} below {root}")
        pytest.skip(f"no CPython {spec} below {root}")
    return spec
