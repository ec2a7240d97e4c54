"""Requirement lines in other files: dependency groups (PEP 735) and scripts (PEP 723)."""

from __future__ import annotations

import configparser
import contextlib
import difflib
import sys
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pytest_portable.errors import SetupError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


__all__ = ["group_lines", "project_name", "read_text", "read_toml", "script_lines", "unknown_extra"]


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


def project_name(root: Path) -> str:
    """Return the canonical name of the project in a folder; empty where there is none.

    Args:
        root: folder of `pyproject.toml`, or of the `setup.cfg` of older projects.
    """
    name: object = ""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        text = (root / "pyproject.toml").read_text(encoding="utf-8-sig")
        name = tomllib.loads(text).get("project", {}).get("name", "")
    if not name:
        older = configparser.ConfigParser(interpolation=None, strict=False)
        with contextlib.suppress(OSError, ValueError, configparser.Error):
            older.read(root / "setup.cfg", encoding="utf-8-sig")
            name = older.get("metadata", "name", fallback="")
    return str(canonicalize_name(str(name)))


def unknown_extra(path: Path, extras: str) -> str | None:
    """Return what is wrong with the extras of a project, where its `pyproject.toml` lists them.

    Args:
        path: folder of the project.
        extras: as written between the brackets.
    """
    if not extras or not (path / "pyproject.toml").is_file():
        return None
    whole = read_toml(path / "pyproject.toml", extras)
    table = whole.get("project")
    if not isinstance(table, dict) or "optional-dependencies" in table.get("dynamic", ()):
        return None
    if "backend-path" in whole.get("build-system", {}):
        return None  # a backend of the project's own may say anything
    valid = {canonicalize_name(name): name for name in table.get("optional-dependencies", {})}
    for extra in filter(None, (one.strip() for one in extras.split(","))):
        if canonicalize_name(extra) not in valid:
            near = difflib.get_close_matches(extra, valid, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            known = ", ".join(sorted(valid.values())) or "none"
            return f"{path / 'pyproject.toml'} has no extra {extra!r}{hint} (there: {known})"
    return None


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
    blocks = _script_blocks(read_text(path, declared))
    if len(blocks) != 1:
        found = "no" if not blocks else "more than one"
        raise SetupError(f"{declared!r}: {path} has {found} '# /// script' block")
    try:
        dependencies = tomllib.loads(blocks[0]).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{declared!r}: the script block of {path} is no TOML: {error}") from error
    return tuple(map(str, dependencies))


def _script_blocks(text: str) -> list[str]:
    """Return the contents of all `script` blocks, without the signs of a comment."""
    blocks: list[str] = []
    content: list[str] | None = None
    end = 0
    for line in [*text.replace("\r\n", "\n").split("\n"), ""]:
        if content is None:
            content, end = ([], 0) if line.rstrip() == "# /// script" else (None, 0)
        elif line == "#" or line.startswith("# "):
            # The last `# ///` of a comment ends the block.
            end = len(content) if line == "# ///" else end
            content.append(line[2:])
        else:
            blocks += ["\n".join(content[:end])] if end else []
            content = None
    return blocks
