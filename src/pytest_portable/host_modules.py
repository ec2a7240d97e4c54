"""Where a module or code lives here, and which distribution it belongs to; nothing is imported."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = [
    "HOMES",
    "distribution_of",
    "find_file",
    "home_of",
    "installed_packages",
    "linked_distribution_of",
    "linked_distributions",
    "origin_of",
    "real_file",
]

STDLIB: Final = "standard library"
DISTRIBUTION: Final = "distribution"
MAIN: Final = "__main__"
TEST: Final = "test file"
SOURCE: Final = "source tree"
NOWHERE: Final = "nowhere"
HOMES: Final = (STDLIB, DISTRIBUTION, MAIN, TEST, SOURCE, NOWHERE)
_MODULE_SUFFIXES: Final = frozenset((".py", ".so", ".pyd"))


def home_of(module: str, distribution: str | None, *, is_stdlib: bool) -> str:
    """Return where a module is, as one of `HOMES`.

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
    """Return the file or folder of a module: where it was imported from, or would be.

    Only the path is searched, because finders that packages install run their own code.
    """
    loaded = sys.modules.get(module)
    try:
        file: object = loaded.__file__  # type: ignore[union-attr]
    except BaseException:  # noqa: BLE001 - whatever somebody put in the place of a module
        file = None
    if type(file) is str:
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

    Names in angle brackets are for code without a file: `<string>`, `<frozen os>`, and
    `<dynamic-code>` for all code that cloudpickle 3.1.3 and newer send.
    """
    return "" if name.startswith("<") and name.endswith(">") else name


def distribution_of(module: str, packages: Mapping[str, Sequence[str]] | None = None) -> str | None:
    """Return the distribution that provides a module, which often has another name.

    Args:
        module: its dotted name.
        packages: distributions by import name; the host's when not given.
    """
    known = installed_packages() if packages is None else packages
    candidates = known.get(module.partition(".")[0], ())
    if len(set(candidates)) > 1 and packages is None:
        return _owner(module, tuple(dict.fromkeys(candidates)))
    return candidates[0] if candidates else None


def installed_packages() -> Mapping[str, Sequence[str]]:
    """Return the host's distributions by import name; they are read once for a `sys.path`."""
    return _packages_on(tuple(sys.path))


@functools.lru_cache(maxsize=4)
def _packages_on(path: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    del path
    found: dict[str, list[str]] = {}
    for distribution in metadata.distributions():
        for top in _top_levels(distribution):
            found.setdefault(top, []).append(distribution.metadata["Name"])
    return found


def _top_levels(distribution: Distribution) -> set[str]:
    # `packages_distributions` of 3.10 knows only top_level.txt, which wheels need not have.
    declared = distribution.read_text("top_level.txt")
    if declared:
        return set(declared.split())
    return {
        file.parts[0] if len(file.parts) > 1 else file.name.partition(".")[0]
        for file in distribution.files or ()
        if file.suffix in _MODULE_SUFFIXES
    }


@functools.cache
def _owner(module: str, candidates: tuple[str, ...]) -> str:
    # Namespace packages (google, azure) have many owners: take the one that has the file.
    stem = module.replace(".", "/")
    wanted = (f"{stem}.py", f"{stem}/__init__.py", f"{stem}/")
    for name in candidates:
        try:
            files = metadata.files(name) or ()
        except metadata.PackageNotFoundError:  # a folder that is not named as indexes spell it
            continue
        if any(str(file).startswith(wanted) for file in files):
            return name
    return candidates[0]


def origin_of(distribution: Distribution) -> dict[str, Any]:
    """Return the recorded address that a distribution came from; empty where there is none.

    Source:
        PyPA specifications, "Recording the Direct URL Origin of installed distributions".
    """
    try:
        found: dict[str, Any] = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found


@functools.cache
def linked_distributions() -> Mapping[str, Path]:
    """Return the distributions that are links to a source tree, with its folder."""
    found = {}
    for distribution in metadata.distributions():
        folder = _linked_folder(distribution)
        if folder is not None:
            found[distribution.metadata["Name"]] = folder
    return found


def linked_distribution_of(file: Path | None) -> str | None:
    """Return the distribution that is a link to the source tree with this file."""
    if file is None:
        return None
    for name, folder in linked_distributions().items():
        # A virtual environment inside the project's folder is not the project's source.
        if file.is_relative_to(folder) and "site-packages" not in file.relative_to(folder).parts:
            return name
    return None


def _linked_folder(distribution: Distribution) -> Path | None:
    origin = origin_of(distribution)
    url = str(origin.get("url", ""))
    if not origin.get("dir_info", {}).get("editable") or not url.startswith("file://"):
        return None
    return Path(unquote(urlsplit(url).path))
