"""Interpreter specs: what a user writes to name a target Python, and whether a Python fits."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "OLDEST_TARGET",
    "SPEC_EXAMPLES",
    "InterpreterSpec",
    "Release",
    "UnknownSpecError",
    "parse_spec",
    "too_old",
]

Release = tuple[int, ...]

OLDEST_TARGET = (3, 8)

SPEC_EXAMPLES = '"3.12", "3.12.1", ">=3.10,<3.13", "pypy3.10", "3.13t" or a path'

_IMPLEMENTATIONS = {
    "py": "",
    "python": "",
    "cpython": "cpython",
    "pypy": "pypy",
    "graalpy": "graalpy",
}
_SPEC = re.compile(
    r"(?P<name>py|python|cpython|pypy|graalpy)?[-@]?"
    r"(?:(?P<release>\d+(?:\.\d+){0,2})(?:\.\*)?(?P<thread>t)?)?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?P<name>py|python|cpython|pypy|graalpy)?\s*(?P<range>(?:~=|===?|!=|<=?|>=?).+?)(?P<thread>t)?",
    re.IGNORECASE,
)
_ONE = re.compile(r"\s*(?P<operator>~=|==|!=|<=|>=|<|>)\s*(?P<release>\d+(?:\.\d+)*)(?:\.\*)?\s*")


class UnknownSpecError(ValueError):
    """The text is no interpreter spec."""


@dataclass(frozen=True)
class InterpreterSpec:
    """One interpreter spec, parsed.

    Attributes:
        text: as it was written.
        path: the interpreter itself, when the spec is a path.
        implementation: `cpython`, `pypy`, ...; the host's where the spec names none.
        release: the leading numbers asked for, `()` for any.
        ranges: pairs of operator and numbers, all of which must hold.
        free_threaded: whether the build without the global lock is asked for.
    """

    text: str
    path: Path | None = None
    implementation: str = "cpython"
    release: Release = ()
    ranges: tuple[tuple[str, Release], ...] = ()
    free_threaded: bool = False

    @property
    def is_any(self) -> bool:
        """Whether the host's own interpreter satisfies it (`None`, `"python"`)."""
        is_own = self.implementation == sys.implementation.name
        return self.path is None and is_own and not self.release and not self.ranges

    def admits_release(self, release: Release) -> bool:
        """Return whether a release, or its known beginning, can satisfy this spec.

        Args:
            release: numbers such as `(3, 12, 1)`; `(3, 12)` where no more is known.

        Returns:
            True unless the known numbers contradict the spec.
        """
        known = min(len(release), len(self.release))
        if release[:known] != self.release[:known]:
            return False
        return all(_holds(operator, wanted, release) for operator, wanted in self.ranges)


def _holds(operator: str, wanted: Release, release: Release) -> bool:
    """Compare as many numbers as were written: 3.12.1 is within `<=3.12`, not `>3.12`."""
    if operator == "~=" and len(release) >= len(wanted):
        return release[: len(wanted)] >= wanted and release[: len(wanted) - 1] == wanted[:-1]
    known = min(len(release), len(wanted))
    found, bound = release[:known], wanted[:known]
    if len(release) < len(wanted) and found == bound:
        return True  # the numbers that decide are not known yet
    return {
        "==": found == bound,
        "!=": found != bound,
        "<": found < bound,
        "<=": found <= bound,
        ">": found > bound,
        ">=": found >= bound,
        "~=": found >= bound and found[: len(wanted) - 1] == wanted[:-1][:known],
    }[operator]


def too_old(what: object) -> str:
    """Say that a Python cannot be a target."""
    oldest = ".".join(map(str, OLDEST_TARGET))
    return f"{what} is too old: objects travel to Python {oldest} and newer"


def parse_spec(text: str | None) -> InterpreterSpec:
    """Read one interpreter spec.

    Args:
        text: a version (`"3.12"`, `"312"`), a range (`">=3.10,<3.13"`), an implementation with or
            without a version (`"pypy3.10"`), a path, or `None` for the host's interpreter.

    Returns:
        The spec; a relative path starts at the working directory.

    Raises:
        UnknownSpecError: the text is none of these.
    """
    if text is None:
        return InterpreterSpec("python", implementation=sys.implementation.name)
    stripped = text.strip()
    if _is_path(stripped):
        return InterpreterSpec(text, path=Path(stripped).expanduser().absolute())
    if found := _SPEC.fullmatch(stripped):
        return InterpreterSpec(
            text,
            implementation=_implementation(found["name"]),
            release=_release(found["release"] or ""),
            free_threaded=bool(found["thread"]),
        )
    if found := _RANGE.fullmatch(stripped):
        return InterpreterSpec(
            text,
            implementation=_implementation(found["name"]),
            ranges=tuple(_bound(part, text) for part in found["range"].split(",") if part.strip()),
            free_threaded=bool(found["thread"]),
        )
    raise UnknownSpecError(f"{text!r} is no interpreter spec; valid: {SPEC_EXAMPLES}")


def _is_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return any(separator in text for separator in separators)


def _implementation(name: str | None) -> str:
    # "python" names no implementation; the host's is the least surprising one.
    return _IMPLEMENTATIONS[(name or "py").lower()] or sys.implementation.name


def _release(text: str) -> Release:
    # "312" is how tox and virtualenv users write 3.12; no Python has a two-digit major.
    if len(text) > 1 and text.isdigit():
        return int(text[0]), int(text[1:])
    return tuple(int(part) for part in text.split(".") if part)


def _bound(part: str, text: str) -> tuple[str, Release]:
    found = _ONE.fullmatch(part)
    if found is None:
        raise UnknownSpecError(
            f"{part.strip()!r} in {text!r} is no version range; valid: {SPEC_EXAMPLES}"
        )
    return found["operator"], tuple(int(number) for number in found["release"].split("."))
