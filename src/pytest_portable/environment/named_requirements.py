"""Distributions that a declaration names by a path or an address, and its index options."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

from pytest_portable.environment.lines import Line, LineError, archive_name, parse_line
from pytest_portable.environment.sources import read_toml
from pytest_portable.errors import SetupError

__all__ = ["named_lines", "source_options"]


def source_options(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that say where distributions come from and which versions are allowed."""
    return tuple(line for line in lines if parse_line(line).kind in {"option", "constraint"})


def named_lines(lines: Iterable[str], root: Path) -> dict[str, str]:
    """Return the lines that name a path or an address, by canonical distribution name.

    Args:
        lines: of a declaration; what cannot be read is left out.
        root: where relative paths start.
    """
    found: dict[str, str] = {}
    for text in lines:
        with suppress(LineError, SetupError):
            line = parse_line(text)
            name = _name_of(line, root)
            if name:
                found[str(canonicalize_name(name))] = text
    return found


def _name_of(line: Line, root: Path) -> str:
    if line.kind == "archive":
        return archive_name(Path(line.value))
    if line.kind == "project":
        folder = root / Path(line.value).expanduser()
        table = read_toml(folder / "pyproject.toml", line.text).get("project", {})
        return str(table.get("name", ""))
    if line.kind == "requirement" and line.requirement.url:
        return line.requirement.name
    return ""
