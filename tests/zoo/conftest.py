from __future__ import annotations

import pytest

# Groups run in environments of their own, never in this one.
collect_ignore = ["suites"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "zoo" in item.path.parts:
            item.add_marker(pytest.mark.zoo)
