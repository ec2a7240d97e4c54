"""`pytest-portable init`: a first test, the Pythons as an ini key, and a workflow for CI."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pytest_portable.cli.parsers import Commands
    from pytest_portable.cli.project import Configuration, Project

__all__ = ["add_parser", "run"]

_TEST: Final = """\
import pytest


# Dumped here, loaded in a fresh process of every Python in `portable_python`, compared there.
{hint}@pytest.mark.portable
def test_settings(portable):
    portable({{"retries": 3}}, probe="obj['retries'] + 1")
"""
_HINT: Final = """\
# An object of {package} needs {package} there: write `@pytest.mark.portable(deps=["."])`.
"""
_WORKFLOW: Final = """\
name: Portability
on: [push, pull_request]
permissions:
  contents: read
jobs:
  portability:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          # The last one runs the tests.
          python-version: |
{pythons}
      - run: python -m pip install {install}
      - run: python -m pytest -m portable --portable-report github
"""


class _Change(NamedTuple):
    """A file, and what it gets; `why_not` says why it is left alone."""

    file: Path
    text: str
    append: bool = False
    why_not: str = ""


def add_parser(commands: Commands) -> None:
    """Add the command `init`."""
    parser = commands.add_parser(
        "init", help="write a first test, the ini key for Pythons and a workflow for CI"
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), help="the project's; this one by default"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written")


def run(given: argparse.Namespace) -> int:
    """Write what is not there yet, and say what was left alone."""
    from pytest_portable.cli.project import look_at

    project = look_at(given.folder)
    pythons = _pythons(project)
    changes = [_first_test(project), _keys(project, pythons), _workflow(project, pythons)]
    about = f"{project.name or 'no name'}, package {project.package or 'not found'}"
    print(f"project: {about}, Pythons {', '.join(pythons)}")
    for change in changes:
        print(_carry_out(change, dry=given.dry_run))
    print("run: python -m pytest -m portable")
    return 0


def _pythons(project: Project) -> list[str]:
    """Return the Pythons that the project allows and this machine has; the running one at least."""
    from pytest_portable.cli.project import allowed, running
    from pytest_portable.environment import survey_interpreters

    if not project.requires_python:
        return [running()]
    found = {
        ".".join(each.interpreter.version.split(".")[:2])
        for each in survey_interpreters().found
        if each.interpreter.implementation.lower() == "cpython"
        and not each.interpreter.facts["free_threaded"]
    }
    ordered = sorted(found, key=lambda minor: tuple(map(int, minor.split("."))))
    return allowed(project.requires_python, ordered) or [running()]


def _first_test(project: Project) -> _Change:
    hint = ""
    if project.package and project.installable:
        hint = _HINT.format(package=project.package)
    file = project.tests / "test_portable.py"
    return _Change(file, _TEST.format(hint=hint), why_not="it is there" if file.exists() else "")


def _keys(project: Project, pythons: list[str]) -> _Change:
    there = project.configuration
    value = f"portable_python = {_value(there, pythons)}\n"
    text = f"[{there.table}]\n{value}"
    if "portable_python" in there.keys:
        return _Change(there.file, text, why_not="it has portable_python")
    if there.exists:
        return _Change(there.file, text, why_not=f"its [{there.table}] is yours")
    if not there.file.exists():
        return _Change(there.file, text)
    if there.lists and not _still_toml(there.file, text):
        return _Change(there.file, text, why_not="a table cannot be appended to it")
    return _Change(there.file, text, append=True)


def _value(there: Configuration, pythons: list[str]) -> str:
    if there.lists:
        return "[" + ", ".join(f'"{each}"' for each in pythons) + "]"
    return ", ".join(pythons)


def _still_toml(file: Path, more: str) -> bool:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        tomllib.loads(f"{file.read_text(encoding='utf-8-sig')}\n{more}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _workflow(project: Project, pythons: list[str]) -> _Change:
    from pytest_portable.cli.project import running

    last = [*(each for each in pythons if each != running()), running()]
    text = _WORKFLOW.format(
        pythons="\n".join(f"            {each}" for each in last),
        install="-e . pytest-portable uv" if project.installable else "pytest-portable uv",
    )
    root = project.root.resolve()
    file = project.root / ".github" / "workflows" / "portability.yml"
    above = next((each for each in root.parents if (each / ".git").exists()), None)
    why_not = ""
    if file.exists():
        why_not = "it is there"
    elif above and not (root / ".git").exists():
        why_not = f"GitHub reads those of {above} alone"
    elif (root / ".gitlab-ci.yml").exists() and not (root / ".github").is_dir():
        why_not = ".gitlab-ci.yml is there; do the same in a job of it"
    return _Change(file, text, why_not=why_not)


def _carry_out(change: _Change, *, dry: bool) -> str:
    """Write one change, unless it is to be left alone, and tell of it."""
    body = "".join(f"    {line}\n" for line in change.text.splitlines())
    if change.why_not:
        return f"left alone: {change.file} ({change.why_not}); this would be added:\n{body}"
    verb = "append to" if change.append else "write"
    if dry:
        return f"would {verb}: {change.file}\n{body}"
    change.file.parent.mkdir(parents=True, exist_ok=True)
    if change.append:
        before = change.file.read_bytes()
        gap = b"\n" if not before or before.endswith(b"\n") else b"\n\n"
        with change.file.open("ab") as opened:
            opened.write(gap + change.text.encode())
        return f"appended to: {change.file}\n{body}"
    with change.file.open("x", encoding="utf-8") as opened:  # never over another's file
        opened.write(change.text)
    return f"written: {change.file}"
