"""The object of a command: a payload in a file, or an object named on the command line."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from pytest_portable.errors import OptionError

__all__ = ["make_importable", "payload_or_object", "resolve"]


def make_importable() -> None:
    """Make modules of the working directory importable."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def resolve(text: str) -> object:
    """Import `MODULE:NAME`, or call `MODULE:FACTORY()`.

    Modules of the working directory are importable.

    Raises:
        OptionError: there is no such module or attribute, or importing or calling it raised.
    """
    module, colon, name = text.partition(":")
    path = name.removesuffix("()")
    is_called = path != name
    if not colon:
        raise OptionError(f"{text!r} is neither a file nor MODULE:NAME")
    make_importable()
    try:
        found: object = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        if is_called and callable(found):
            return found()
    except Exception as error:  # importing and calling run the user's code
        said = f"{type(error).__name__}: {error}"
        raise OptionError(f"{text!r} cannot be had: {said}") from error
    if is_called:
        raise OptionError(f"{text!r}: {path} is no callable")
    return found


def payload_or_object(text: str) -> tuple[bytes | None, object]:
    """Read the payload in a file, or import `MODULE:NAME`.

    Returns:
        The payload and `None`, or `None` and the object.

    Raises:
        OptionError: the text names neither.
    """
    file = Path(text)
    return (file.read_bytes(), None) if file.is_file() else (None, resolve(text))
