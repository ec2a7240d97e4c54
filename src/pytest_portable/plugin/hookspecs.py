"""Hooks that a conftest or another plugin may implement.

Where the plugin may be missing, mark the implementation
`@pytest.hookimpl(optionalhook=True)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_portable.environment import CommandTarget, Installer
    from pytest_portable.equivalence import Comparator
    from pytest_portable.payload.lenses.view import Lens
    from pytest_portable.serializers import Serializer
    from pytest_portable.settings.legs import Leg
    from pytest_portable.verdict import Verdict

__all__ = [
    "pytest_portable_comparators",
    "pytest_portable_installers",
    "pytest_portable_lenses",
    "pytest_portable_prepare",
    "pytest_portable_serializers",
    "pytest_portable_verdict",
]


def pytest_portable_comparators(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Comparator | Iterable[Comparator]:
    """Return comparators for instances of your classes, wherever they are in an object.

    Called once, when pytest has read its options. A comparator is asked before our own; it yields
    what differs (`Finding`) and what is still to be compared (`Part`, `Elements`), all of them in
    `pytest_portable.equivalence`.

    Args:
        config: the session's configuration.

    Returns:
        An object with `handles(kind)` and `compare(original, returned, tolerance)`, or several.
    """


def pytest_portable_installers(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Installer | list[Installer]:
    """Return installers of your own, which `--portable-installer` may then name.

    Called when the wanted installer is none of `auto`, `uv` and `pip`.

    Args:
        config: the session's configuration.

    Returns:
        An object with what `pytest_portable.environment.Installer` lists, or several in a list.
    """


def pytest_portable_lenses(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Mapping[str, Lens]:
    """Return which attributes hold what your reducers send, so that messages can name them.

    Called once, when pytest has read its options; the lenses are gone when the run is over. A
    `__reduce__` that returns `(rebuild, (source, rate))` sends two values that no path leads to
    until a lens says that they are `.source` and `.rate`.

    Args:
        config: the session's configuration.

    Returns:
        Functions by the callables they are for. `{"mylib.rebuild": rebuilt}` explains the
        arguments of a call, `{"mylib.Model.__setstate__": restored}` the state that a class is
        given: its only argument. Each takes `(view, node, arguments)`, where nodes are numbers,
        and returns pairs of a label and a node: `[(".source", arguments[0])]`. Payloads may be
        damaged, so expect fewer arguments than there should be.
    """


@pytest.hookspec(firstresult=True)
def pytest_portable_prepare(leg: Leg) -> str | Path | CommandTarget | None:
    """Return the environment of a leg, instead of building one.

    It is used as it is: nothing is installed into it, `deps` say what it is expected to hold. The
    first answer counts. Called more than once for a leg, so always return the same.

    Args:
        leg: what the mark and the options ask for; `leg.deps_id`, `leg.env` and `leg.test` (the
            node id) identify a leg.

    Returns:
        The absolute path of an interpreter or of a virtual environment; or a
        `pytest_portable.CommandTarget` for a Python that a command starts (a container, another
        user, a machine behind ssh); or `None` to leave the leg to others.
    """


def pytest_portable_serializers(  # type: ignore[empty-body]  # a hook's answer, not ours
    config: pytest.Config,
) -> Serializer | Iterable[Serializer]:
    """Return serializers of your own, which marks and options may then name.

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
