from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rows import each

sys.path.append(str(Path(__file__).parent / "models"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize(("row", "serializer"), each(metafunc.module.ROWS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Send objects to a fresh process of the same environment."""
    for item in items:
        item.add_marker(pytest.mark.portable(deps=None, python=sys.executable))
