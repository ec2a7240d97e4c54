"""Installers that a conftest or a plugin adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pytest_portable.environment.installers import Installer
from pytest_portable.errors import OptionError

__all__ = ["check_installers"]

_BUILT_IN = ("auto", "uv", "pip")
_METHODS = ("create", "install", "check", "build_wheel")


def check_installers(answers: Iterable[object]) -> tuple[Installer, ...]:
    """Return the installers in the answers to `pytest_portable_installers`.

    Args:
        answers: installers, or lists of them.

    Returns:
        All installers.

    Raises:
        OptionError: with all mistakes in them.
    """
    found: dict[str, Installer] = {}
    mistakes = []
    for answer in answers:
        for each in answer if isinstance(answer, list | tuple) else [answer]:
            name = getattr(each, "name", None)
            trouble = _trouble(each, name)
            if trouble is None and name in found:
                trouble = f"two installers are called {name!r}"
            if trouble is None:
                found[str(name)] = cast("Installer", each)
            else:
                mistakes.append(f"pytest_portable_installers: {trouble}")
    if mistakes:
        raise OptionError(mistakes)
    return tuple(found.values())


def _trouble(each: object, name: object) -> str | None:
    """Return what is wrong with one answer."""
    if isinstance(each, type):
        return f"{each.__name__} is a class; return an instance of it"
    if not isinstance(name, str) or not name.isidentifier():
        return f"{each!r} has no name that is a word (attribute name: {name!r})"
    if name in _BUILT_IN:
        return f"{each!r} is called {name!r}, a name of ours; taken: {', '.join(_BUILT_IN)}"
    missing = [method for method in _METHODS if not callable(getattr(each, method, None))]
    if missing:
        return f"{name} has no method {', '.join(missing)} (wanted: {', '.join(_METHODS)})"
    return None
