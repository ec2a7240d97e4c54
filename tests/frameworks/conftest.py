from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host

if TYPE_CHECKING:
    from collections.abc import Callable

# Suites run in the frameworks' own environments, never in this one.
collect_ignore = ["suites"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "frameworks" in item.path.parts:
            item.add_marker(pytest.mark.frameworks)


@pytest.fixture(scope="session")
def host_with() -> Callable[..., Host]:
    """Build (or find) an environment that holds a framework; see `make_host`."""
    return make_host
