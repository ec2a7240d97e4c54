"""Where a module or code lives on the host, told without importing anything."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

__all__ = ["HOMES", "find_file", "home_of", "real_file"]

STDLIB: Final = "standard library"
DISTRIBUTION: Final = "distribution"
MAIN: Final = "__main__"
TEST: Final = "test file"
SOURCE: Final = "source tree"
NOWHERE: Final = "nowhere"
HOMES: Final = (STDLIB, DISTRIBUTION, MAIN, TEST, SOURCE, NOWHERE)


def home_of(module: str, distribution: str | None, *, is_stdlib: bool) -> str:
    """Say in a word where a module lives: one of `HOMES`.

    Args:
        module: its dotted name.
        distribution: the distribution that provides it, if one does.
        is_stdlib: whether it is the standard library's.
    """
    if module.partition(".")[0] == MAIN:
        return MAIN
    if is_stdlib:
        return STDLIB
    file = find_file(module)
    if file is not None and _is_test(Path(file).name):
        return TEST
    if distribution is not None:
        return DISTRIBUTION
    return SOURCE if file is not None else NOWHERE


def find_file(module: str) -> str | None:
    """Find the file or folder of a module: where it was imported from, or would be.

    Only the path is searched: finders that packages install would run code of theirs.
    """
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if isinstance(file, str):
        return file
    top, _, rest = module.partition(".")
    try:
        spec = PathFinder.find_spec(top)
    except (ImportError, ValueError, OSError):
        return None
    if spec is None:
        return None
    folders = [*(spec.submodule_search_locations or ())]
    if not rest:
        return spec.origin or next(iter(folders), None)
    for folder in folders:
        stem = Path(folder, *rest.split("."))
        found = next((p for p in (stem.with_suffix(".py"), stem) if p.exists()), None)
        if found is not None:
            return str(found)
    return None


def _is_test(name: str) -> bool:
    return name.endswith(".py") and (
        name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    )


def real_file(name: str) -> str:
    """Return the file that code says it comes from; empty where that is no file.

    Names in angle brackets stand for code that has none: `<string>`, `<frozen os>`, and
    `<dynamic-code>` for all that cloudpickle 3.1.3 and newer send.
    """
    return "" if name.startswith("<") and name.endswith(">") else name
