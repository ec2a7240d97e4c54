"""Paths into an object: chains of steps, turned into a Python expression when it is needed.

A path is a plain tuple `(parent, step, label)`. Millions are made and few are shown, so making one
must be cheap.
"""

from __future__ import annotations

import cmath
from typing import Final, TypeAlias, cast

from pytest_portable.equivalence.text import shorten

__all__ = [
    "ATTRIBUTE",
    "CALL",
    "ELEMENT",
    "INDEX",
    "SUFFIX",
    "VALUE",
    "attribute",
    "element",
    "render",
    "root",
    "suffix",
]

Path: TypeAlias = tuple["Path | None", int, object]

ROOT: Final = 0
INDEX: Final = 1
"""`obj[3]`; also any other key that is written by its repr."""
SUFFIX: Final = 2
"""A step that the label writes itself: a text to append."""
ATTRIBUTE: Final = 3
CALL: Final = 4
"""`type(obj)`: the label is the name of the function."""
ELEMENT: Final = 5
"""`list(obj)[3]`: an element of a set or a key of a dict, by its position in the original."""
VALUE: Final = 6
"""A value of a dict; the label is the key and its position, for a key no expression can spell."""
SPELLABLE: Final = frozenset({str, bytes, int, bool, float, complex, type(None)})

MAX_STEPS: Final = 60
MAX_KEY_CHARACTERS: Final = 60


def root(name: str) -> Path:
    """Return the path of the whole object."""
    return (None, ROOT, name)


def attribute(path: Path, name: object) -> Path:
    """Return the path of an attribute."""
    return (path, ATTRIBUTE, name)


def suffix(path: Path, text: str) -> Path:
    """Return a path with `text` appended."""
    return (path, SUFFIX, text)


def element(path: Path, position: int) -> Path:
    """Return the path of an element of a set or a key of a dict."""
    return (path, ELEMENT, position)


def render(path: Path) -> str:
    """Return the Python expression; the middle of more than `MAX_STEPS` steps is left out."""
    steps: list[tuple[int, object]] = []
    current: Path | None = path
    while current is not None:
        current, step, label = current
        steps.append((step, label))
    steps.reverse()
    if len(steps) > MAX_STEPS:
        half = MAX_STEPS // 2
        left_out = f"...({len(steps) - 2 * half} more)..."
        steps = [*steps[:half], (SUFFIX, left_out), *steps[-half:]]
    text = ""
    for step, label in steps:
        text = _append(text, step, label)
    return text


def _append(text: str, step: int, label: object) -> str:  # noqa: PLR0911 - one return a step
    if step == INDEX:
        return f"{text}[{shorten(label, MAX_KEY_CHARACTERS)}]"
    if step == ATTRIBUTE:
        if isinstance(label, str) and label.isidentifier():
            return f"{text}.{label}"
        return f"{text}.__dict__[{shorten(label, MAX_KEY_CHARACTERS)}]"
    if step == CALL:
        return f"{label}({text})"
    if step == ELEMENT:
        return f"list({text})[{label}]"
    if step == VALUE:
        key, position = cast("tuple[object, int]", label)
        spelled = shorten(key, MAX_KEY_CHARACTERS)
        if _is_spellable(key) and (type(key) is not tuple or spelled == repr(key)):
            return f"{text}[{spelled}]"
        return f"list({text}.values())[{position}]"
    return f"{text}{label}"


def _is_spellable(key: object) -> bool:
    """Return whether the repr of a key is an expression that finds it again."""
    if type(key) is tuple:
        return all(_is_spellable(part) for part in key)
    if type(key) in {float, complex}:
        return cmath.isfinite(cast("complex", key))  # the others have no expression
    return type(key) in SPELLABLE
