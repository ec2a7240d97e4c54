"""The keys and names under which the plugin keeps data on pytest's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pytest_portable.engine.session import Session
    from pytest_portable.plugin.extensions import Extensions
    from pytest_portable.plugin.progress import Workers
    from pytest_portable.portable import Portable
    from pytest_portable.settings.options import Settings

__all__ = [
    "ADDED",
    "ASKED",
    "CHOICE",
    "COLUMNS",
    "EXTENSIONS",
    "PORTABLE",
    "RECORD",
    "SESSION",
    "SETTINGS",
    "SETUP_FAILURE",
    "TOLD",
    "WORKERS",
]

# What we mark the users of the fixture with, so that `-m portable` selects them; it declares
# nothing, and does not make a test a marked one.
ADDED: Final = pytest.mark.portable
# Of the configuration.
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
EXTENSIONS: pytest.StashKey[Extensions] = pytest.StashKey()
SESSION: pytest.StashKey[Session] = pytest.StashKey()
# Of the terminal, before pytest captures what is written to it.
COLUMNS: pytest.StashKey[int] = pytest.StashKey()
WORKERS: pytest.StashKey[Workers] = pytest.StashKey()
# Of an item: what the fixture returned, whether it was asked for, why it could not be set up, and
# how many of its verdicts are in reports.
PORTABLE: pytest.StashKey[Portable] = pytest.StashKey()
ASKED: pytest.StashKey[bool] = pytest.StashKey()
SETUP_FAILURE: pytest.StashKey[dict[str, str]] = pytest.StashKey()
TOLD: pytest.StashKey[int] = pytest.StashKey()
# The argument that a parametrised item has for its leg.
CHOICE = "_portable_leg"
# The attribute of a test's report under which its record travels, between processes too.
RECORD = "portable"
