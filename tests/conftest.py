from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _plugin_by_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of pytester load this plugin alone, installed or not."""
    if "pytester" in request.fixturenames:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.setenv("PYTEST_PLUGINS", "")
        monkeypatch.delenv("PYTEST_PORTABLE_CACHE_DIR", raising=False)
        pytester: pytest.Pytester = request.getfixturevalue("pytester")
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_portable.plugin -p no:cacheprovider")
        pytester.plugins = []
