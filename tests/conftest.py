from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable.agent.in_target import bootstrap
from support.absent import absent_pythons, excuse

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ["pytester"]

# Where coverage is measured, agents in this very environment are measured too.
if "COVERAGE_PROCESS_START" in os.environ:
    measuring = ("COVERAGE_PROCESS_START", "COVERAGE_FILE")
    vars(bootstrap)["KEPT"] = (*bootstrap.KEPT, *measuring)


REAL = Path(__file__).parent / "real"
ABSENT = pytest.StashKey[frozenset[str]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    # Now, because tests hide Pythons and pretend others.
    session.config.stash[ABSENT] = absent_pythons()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    excuse(report, item.config.stash[ABSENT])
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the folder of real installers."""
    for item in items:
        if item.path.is_relative_to(REAL):
            item.add_marker(pytest.mark.real)


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
