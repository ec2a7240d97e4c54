"""Requirement lines that name a file, a folder or the project itself as if it were a package.

An installer would ask the index for a distribution of that name, and run a stranger's code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from pytest_portable.environment.lines import EXPORTED_LOCKS, LineError, parse_line
from pytest_portable.environment.sources import project_name

__all__ = ["find_place"]

_PROJECT: Final = 'the project itself is "."; what only lies beside the tests goes into ship=[...]'
_CONDA: Final = (
    "conda's files are not read: write its pip part as deps, or name the interpreter of an "
    'environment that conda made: deps=None, python="/path/to/bin/python"'
)
_PIXI: Final = (
    "pixi's files are not read: write the distributions as deps, or name the interpreter of an "
    'environment that pixi made: deps=None, python="/path/to/bin/python"'
)
_FILES: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"pyproject\.toml|setup\.(?:py|cfg)"): _PROJECT,
    re.compile(
        r"(?:[\w.-]{0,99}-)?environment(?:[-_.][\w.-]{0,99})?\.ya?ml|conda-lock\.ya?ml|meta\.ya?ml"
    ): _CONDA,
    re.compile(r"pixi\.(?:toml|lock)"): _PIXI,
    re.compile(
        r"[\w.-]{0,99}requirements[\w.-]{0,99}\.(?:txt|in)|constraints[\w.-]{0,99}\.txt"
    ): 'write "-r {word}"',
    re.compile(r"Pipfile(?:\.lock)?"): (
        'write what "pipenv requirements" prints to a file, and "-r FILE"'
    ),
}
_INCLUDE: Final = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*(?P<file>\S+)$")


def find_place(line: str, root: Path) -> str | None:
    """Return what is wrong with a line that means something of the project, not of an index.

    A name with a specifier (`name==1.0`), an address or `./` before it is always what it says.

    Args:
        line: one line of `deps`.
        root: folder where relative paths of it start.

    Returns:
        What the word is here and what to write instead, or `None`.
    """
    if include := _INCLUDE.fullmatch(line.strip()):
        return _included(include["file"])
    try:
        parsed = parse_line(line)
    except LineError:
        return None  # told elsewhere
    word = parsed.value.partition(";")[0].strip()
    if parsed.kind != "requirement":
        return None
    found = parsed.requirement
    if found.specifier or found.url:
        return None
    bare = word.partition("[")[0].strip()
    return next((told for look in _LOOKS if (told := look(bare, root))), None)


def _included(file: str) -> str | None:
    name = Path(file).name
    if name in EXPORTED_LOCKS:
        return f'{file!r} is a lock file; write "lock:{file}"'
    for pattern, advice in _FILES.items():
        if pattern.fullmatch(name) and "-r" not in advice:
            return f"{file!r} lists no requirements: {advice}"
    return None


def _known_file(word: str, _root: Path) -> str | None:
    for pattern, advice in _FILES.items():
        if pattern.fullmatch(word):
            return f"{word!r} is the name of a file, not of a package: {advice.format(word=word)}"
    return None


def _own_name(word: str, root: Path) -> str | None:
    if canonicalize_name(word) != project_name(root):
        return None
    return f'{word!r} is this project: write "." for what is here, "{word}==VERSION" for a release'


def _file(word: str, root: Path) -> str | None:
    if not (root / word).is_file():
        return None
    return f'{word!r} is a file here, not a package: {_PROJECT}; a package is "{word}>=0"'


def _folder(word: str, root: Path) -> str | None:
    for folder in (root / word, root / "src" / word):
        if folder.is_dir():
            where = folder.relative_to(root)
            return (
                f"{word!r} is the folder {where} here, not a package: {_PROJECT}; a folder with a "
                f'pyproject.toml is "./{where}", a package of that name is "{word}>=0"'
            )
    return None


_LOOKS: Final[tuple[Callable[[str, Path], str | None], ...]] = (
    _known_file,
    _own_name,
    _file,
    _folder,
)
