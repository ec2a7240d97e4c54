"""Hooks that a conftest or another plugin may implement.

Where the plugin may be missing, mark the implementation
`@pytest.hookimpl(optionalhook=True)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_portable.verdict import Verdict

__all__ = ["pytest_portable_verdict"]


def pytest_portable_verdict(item: pytest.Item, verdict: Verdict) -> None:
    """Receive every verdict of a test, portable or not, once the test is over.

    Args:
        item: the test that asked.
        verdict: what its check found.
    """
