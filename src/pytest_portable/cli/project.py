"""What can be found out about a project, for `pytest-portable init`."""

from __future__ import annotations

import configparser
import sys
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Configuration", "Project", "allowed", "look_at", "running"]


class Configuration(NamedTuple):
    """Where pytest of this project reads its ini keys.

    Attributes:
        file: the file; it need not be there yet.
        table: the heading of the keys in it.
        exists: whether the heading is there already.
        keys: the keys below it.
        lists: whether a list is written as one of TOML.
    """

    file: Path
    table: str
    exists: bool
    keys: dict[str, Any]
    lists: bool


class Project(NamedTuple):
    """A project as its files tell of it.

    Attributes:
        root: its folder.
        name: of the distribution; empty where there is none.
        package: what is imported; empty where none was found.
        installable: whether `pip install .` has something to build.
        requires_python: as it was written; empty where it says nothing.
        configuration: where pytest reads its keys.
        tests: the folder of tests; it need not be there yet.
    """

    root: Path
    name: str
    package: str
    installable: bool
    requires_python: str
    configuration: Configuration
    tests: Path


def look_at(root: Path) -> Project:
    """Read the files of a project.

    Raises:
        OptionError: there is no such folder.
        SetupError: a file of it is malformed.
    """
    from pytest_portable.environment.sources import project_name, read_toml
    from pytest_portable.errors import OptionError

    if not root.is_dir():
        raise OptionError(f"{root} is no folder")
    file = root / "pyproject.toml"
    data = read_toml(file, file.name) if file.is_file() else {}
    described = _table(data, "project")
    name = project_name(root)
    configuration = _configuration(root, data)
    return Project(
        root=root,
        name=name,
        package=_package(root, name),
        installable=bool(described or "build-system" in data or (root / "setup.py").is_file()),
        requires_python=str(described.get("requires-python", "")),
        configuration=configuration,
        tests=root / _tests(root, configuration.keys.get("testpaths")),
    )


def allowed(requires_python: str, minors: list[str]) -> list[str]:
    """Return the Pythons, such as `3.12`, that a `requires-python` allows some release of.

    Raises:
        OptionError: the `requires-python` is malformed.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from pytest_portable.errors import OptionError

    try:
        wanted = SpecifierSet(requires_python)
    except InvalidSpecifier as error:
        raise OptionError(f"requires-python of pyproject.toml: {error}") from error
    return [each for each in minors if any(wanted.contains(f"{each}.{z}") for z in range(40))]


def _table(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        inner = data.get(name)
        data = inner if isinstance(inner, dict) else {}
    return data


def _configuration(root: Path, data: dict[str, Any]) -> Configuration:
    """Choose as pytest does: its own files first, then the first file with a section for it."""
    from pytest_portable.environment.sources import read_toml

    for name in ("pytest.toml", ".pytest.toml"):
        if (file := root / name).is_file():
            there = read_toml(file, name)
            return Configuration(
                file, "pytest", "pytest" in there, _table(there, "pytest"), lists=True
            )
    for name in ("pytest.ini", ".pytest.ini"):
        if (file := root / name).is_file():
            keys = _section(file, "pytest")
            return Configuration(file, "pytest", keys is not None, keys or {}, lists=False)
    native = _table(data, "tool", "pytest")
    for table, keys in (("tool.pytest.ini_options", native.get("ini_options")),
                        ("tool.pytest", native)):  # fmt: skip
        if isinstance(keys, dict) and keys:
            return Configuration(root / "pyproject.toml", table, True, keys, lists=True)
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        if (keys := _section(root / name, section)) is not None:
            return Configuration(root / name, section, True, keys, lists=False)
    if (file := root / "pyproject.toml").is_file():
        there_already = "pytest" in _table(data, "tool")
        return Configuration(file, "tool.pytest.ini_options", there_already, {}, lists=True)
    return Configuration(root / "pytest.ini", "pytest", False, {}, lists=False)


def _section(file: Path, name: str) -> dict[str, Any] | None:
    """Return the keys of a section, `None` where the file or the section is not there."""
    from pytest_portable.errors import SetupError

    reader = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        reader.read(file, encoding="utf-8-sig")
    except (configparser.Error, UnicodeError) as error:
        told = " ".join(str(error).split())
        raise SetupError(f"{file} cannot be read: {told}") from error
    return dict(reader[name]) if reader.has_section(name) else None


def _package(root: Path, name: str) -> str:
    wanted = name.replace("-", "_")
    for folder in (root / "src", root):
        if not folder.is_dir():
            continue
        found = sorted(
            {each.parent.name for each in folder.glob("*/__init__.py")}
            | {each.stem for each in folder.glob("*.py") if folder.name == "src"}
        )
        others = [each for each in found if each not in {"tests", "test", "docs", "examples"}]
        alike = [each for each in others if each.lower() == wanted]
        if alike or len(others) == 1:
            return (alike or others)[0]
        if wanted and (folder / f"{wanted}.py").is_file():
            return wanted
    return ""


def _tests(root: Path, paths: object) -> str:
    words = paths.split() if isinstance(paths, str) else paths
    for each in [*(words if isinstance(words, list) else ()), "tests", "test"]:
        if isinstance(each, str) and (root / each).is_dir():
            return each
    return "tests"


def running() -> str:
    """Return the Python that runs this, such as `3.12`."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
