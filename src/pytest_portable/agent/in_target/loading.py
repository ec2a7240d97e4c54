"""Find loaders and dumpers by name, and keep the warnings of a load."""

from __future__ import annotations

import pickle
import sys
import warnings

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.describe import text_of
    from pytest_portable.agent.in_target.limits import MAX_WARNINGS

# The functions of a serializer that were sent as source: `there:function` names one. They are in
# no module, so that no payload can refer to them.
THERE: dict[str, Any] = {"__name__": "there"}


def resolve(name: str) -> Any:
    """Import `module:attribute`."""
    module, _, attribute = name.partition(":")
    if module == "there":
        return THERE[attribute]
    __import__(module)
    return getattr(sys.modules[module], attribute)


def first_importable(candidates: list[Any]) -> tuple[str, Any, dict[str, Any]]:
    """Return name, function and keyword arguments of the first candidate that is installed."""
    missing = None
    for candidate in candidates:
        name, options = (candidate, {}) if isinstance(candidate, str) else candidate
        try:
            return name, resolve(name), options
        except ModuleNotFoundError as error:
            missing = missing or error
    assert missing is not None
    raise missing


def is_unpickling(function: Any) -> bool:
    """Return whether a built-in function is one of pickle's that load."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    return name in ("load", "loads") and (
        function in (pickle.load, pickle.loads) or isinstance(owner, pickle.Unpickler)
    )


class KeptWarnings:
    """Keeps every warning from now on; made before the fork, because making it takes time."""

    def __init__(self) -> None:
        self.context = warnings.catch_warnings(record=True)
        self.caught: list[Any] = self.context.__enter__()
        warnings.simplefilter("always")

    def take(self) -> list[Any]:
        """Return the warnings since the last time."""
        taken = self.caught[:]
        del self.caught[:]
        return taken

    def end(self) -> None:
        """Stop, and restore the filters."""
        self.context.__exit__(None, None, None)


def plain_warnings(caught: list[Any] | tuple[()]) -> list[list[Any]]:
    """Return recorded warnings as plain data: class, its module, text, file and line."""
    return [
        [
            text_of(warning.category.__name__),
            text_of(warning.category.__module__),
            text_of(warning.message)[:2000],
            warning.filename,
            warning.lineno,
        ]
        for warning in list(caught)[:MAX_WARNINGS]
    ]
