"""Requirement lines in other files: dependency groups (PEP 735) and scripts (PEP 723)."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_portable.errors import SetupError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it there


__all__ = ["group_lines", "read_text", "read_toml", "script_lines"]

_SCRIPT = re.compile(r"(?m)^# /// script\s*$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def read_text(path: Path, declared: str) -> str:
    """Read a file that a requirement line names.

    Raises:
        SetupError: it cannot be read; the message has the line and the path.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SetupError(f"{declared!r}: cannot read {path}: {reason}") from error


def read_toml(path: Path, declared: str) -> dict[str, Any]:
    """Read a TOML file that a requirement line names.

    Raises:
        SetupError: it cannot be read or parsed.
    """
    try:
        return tomllib.loads(read_text(path, declared))
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{declared!r}: {path} is no valid TOML: {error}") from error


def group_lines(root: Path, name: str) -> tuple[str, ...]:
    """Return the requirement lines of one dependency group, included groups in place.

    Args:
        root: folder of `pyproject.toml`.
        name: the group; compared as PEP 503 compares names.

    Raises:
        SetupError: no such group (with the near spelling), a cycle, or an invalid entry.

    Source:
        PEP 735.
    """
    path = root / "pyproject.toml"
    table = read_toml(path, f"group:{name}").get("dependency-groups", {})
    groups = {canonicalize_name(each): entries for each, entries in table.items()}
    return tuple(_expand(groups, name, path, ()))


def _expand(groups: dict[Any, Any], name: str, path: Path, parents: tuple[str, ...]) -> list[str]:
    key = canonicalize_name(name)
    if key in parents:
        chain = " -> ".join((*parents, key))
        raise SetupError(f"dependency groups of {path} include each other: {chain}")
    if key not in groups:
        near = difflib.get_close_matches(key, groups, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        valid = ", ".join(sorted(groups)) or "none"
        raise SetupError(f"no dependency group {name!r} in {path}{hint} (there: {valid})")
    lines = []
    for entry in groups[key]:
        if isinstance(entry, str):
            lines.append(entry)
        elif isinstance(entry, dict) and list(entry) == ["include-group"]:
            lines += _expand(groups, entry["include-group"], path, (*parents, key))
        else:
            raise SetupError(f"dependency group {name!r} in {path} has an invalid entry: {entry!r}")
    return lines


def script_lines(path: Path, declared: str) -> tuple[str, ...]:
    """Return the requirement lines of a script's inline metadata.

    Raises:
        SetupError: the file cannot be read or has no single valid `script` block.

    Source:
        PEP 723.
    """
    blocks = list(_SCRIPT.finditer(read_text(path, declared).replace("\r\n", "\n") + "\n"))
    if len(blocks) != 1:
        found = "no" if not blocks else "more than one"
        raise SetupError(f"{declared!r}: {path} has {found} '# /// script' block")
    content = "".join(
        line[2:] if line.startswith("# ") else line[1:]
        for line in blocks[0]["content"].splitlines(keepends=True)
    )
    try:
        dependencies = tomllib.loads(content).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{declared!r}: the script block of {path} is no TOML: {error}") from error
    return tuple(map(str, dependencies))
