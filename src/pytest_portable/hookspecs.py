"""Hooks that a conftest or another plugin may implement.

Where the plugin may be missing, mark the implementation
`@pytest.hookimpl(optionalhook=True)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from pytest_portable.equivalence import Comparator
    from pytest_portable.serializers import Serializer
    from pytest_portable.verdict import Verdict

__all__ = [
    "pytest_portable_comparators",
    "pytest_portable_serializers",
    "pytest_portable_verdict",
]


def pytest_portable_comparators(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Comparator | Iterable[Comparator]:
    """Say what equal means for instances of your classes, inside whatever holds them.

    Called once, when pytest has read its options. A comparator is asked before our own; it yields
    what differs (`Finding`) and what is still to be compared (`Part`, `Elements`), all of them in
    `pytest_portable.equivalence`.

    Args:
        config: the session's configuration.

    Returns:
        An object with `handles(kind)` and `compare(original, returned, tolerance)`, or several.
    """


def pytest_portable_serializers(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Serializer | Iterable[Serializer]:
    """Bring serializers of your own, which marks and options may then name.

    Called once, when pytest has read its options: implement it in a plugin, or in a conftest of
    the rootdir or of a folder that `testpaths` or the command line names.

    Args:
        config: the session's configuration.

    Returns:
        A `pytest_portable.Serializer`, or several.
    """


def pytest_portable_verdict(item: pytest.Item, verdict: Verdict) -> None:
    """Receive every verdict of a test, portable or not, once the test is over.

    Args:
        item: the test that asked.
        verdict: what its check found.
    """
