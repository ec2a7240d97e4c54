"""The local project as a wheel, built again only when its files change.

A project is never installed editable: what is missing from its wheel has to be missing there. It
is built in a copy that holds exactly the hashed files, so that neither a stale `build/` folder nor
later changes of the working tree get in. The hash names the wheel in the cache.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_portable.environment.probing import Interpreter
from pytest_portable.environment.sources import read_toml
from pytest_portable.errors import SetupError

__all__ = ["Tree", "copy_tree", "keep_wheel", "kept_wheel", "read_tree"]

_GIT_SECONDS = 60.0
# Files that tools leave behind: no source of the project, and they change all the time.
_JUNK = frozenset(
    {
        *(".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "htmlcov"),
        *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".eggs"),
        *("build", "dist", ".idea", ".vscode"),
    }
)
_JUNK_SUFFIXES = (".pyc", ".pyo", ".egg-info", ".dist-info", ".so", ".pyd", ".coverage", ".log")


@dataclass(frozen=True)
class Tree:
    """A project's files as they are now.

    Attributes:
        path: the project's folder.
        files: paths below it, sorted, with forward slashes.
        digest: hash of names, contents and, where the version comes from git, of its state.
        git_folder: git's own folder, where the version comes from git; else `None`.
    """

    path: Path
    files: tuple[str, ...]
    digest: str
    git_folder: Path | None = None


def read_tree(path: Path) -> Tree:
    """Return a project's files and their hash.

    In a git repository these are the files that git tracks or would track, and ignored ones inside
    packages (generated modules and data); elsewhere all but what tools leave behind.

    Args:
        path: a folder with `pyproject.toml` or `setup.py`.
    """
    listed = _git_files(path)
    files = tuple(sorted(set(listed if listed is not None else _walked(path, path))))
    state, folder = "", None
    if listed is not None and _has_dynamic_version(path):
        # The version depends on tags and the distance to them, so the wheel does too.
        state = _git(path, "describe", "--tags", "--long", "--always", "--dirty") or ""
        folder = Path((_git(path, "rev-parse", "--absolute-git-dir") or "").strip())
    return Tree(path, files, _digest(path, files, state), folder)


def _digest(path: Path, files: tuple[str, ...], state: str) -> str:
    """Hash contents; the result is cached in this process by sizes and times."""
    stamps = []
    for name in files:
        status = (path / name).stat()
        stamps.append((name, status.st_size, status.st_mtime_ns, status.st_mode & 0o111))
    return _content_digest(path, tuple(stamps), state)


@functools.lru_cache(maxsize=16)
def _content_digest(path: Path, stamps: tuple[tuple[str, int, int, int], ...], state: str) -> str:
    digest = hashlib.sha256(state.encode())
    for name, _size, _time, mode in stamps:
        digest.update(f"{name}\0{bool(mode)}\0".encode(errors="surrogateescape"))
        # Each file is hashed by itself, so that moving bytes between files changes the result.
        digest.update(hashlib.sha256((path / name).read_bytes()).digest())
    return digest.hexdigest()


def _has_dynamic_version(path: Path) -> bool:
    if not (path / "pyproject.toml").is_file():
        return True
    project = read_toml(path / "pyproject.toml", str(path)).get("project", {})
    return "version" not in project


def _git_files(path: Path) -> list[str] | None:
    """Return the files that git lists in a folder; `None` where git fails."""
    if (known := _git_list(path, "--cached", "--others", "--exclude-standard")) is None:
        return None
    if not {"pyproject.toml", "setup.py"} & set(known):
        return None  # the whole folder is ignored, such as one made for a test
    folders = {PurePosixPath(name).parent for name in known if name.endswith(".py")}
    ignored = _git_list(path, "--others", "--ignored", "--exclude-standard") or []
    inside = [each for each in ignored if PurePosixPath(each).parent in folders]
    found = [*known, *(each for each in inside if not _is_junk(each))]
    return [name for each in found for name in _expanded(path, each)]


def _git_list(path: Path, *options: str) -> list[str] | None:
    said = _git(path, "ls-files", "-z", *options)
    return None if said is None else [name for name in said.split("\0") if name]


def _git(path: Path, *arguments: str) -> str | None:
    # In a git hook, GIT_DIR and GIT_INDEX_FILE may name another repository.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607 - git is where the user has it
            capture_output=True,
            check=True,
            cwd=path,
            encoding="utf-8",
            env={**env, "GIT_OPTIONAL_LOCKS": "0"},
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=_GIT_SECONDS,
        )
        return done.stdout
    return None


def _expanded(path: Path, name: str) -> Iterable[str]:
    """Return a file, or the files of a folder that git names as one (a submodule, a link)."""
    place = path / name
    if place.is_dir():
        return _walked(path, place)
    return [name] if place.is_file() else []  # deleted, or a link to nowhere


def _walked(root: Path, folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not _is_junk(each))
        for name in files:
            place = Path(parent) / name
            if not _is_junk(name) and place.is_file():
                yield place.relative_to(root).as_posix()


def _is_junk(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part in _JUNK or part.endswith(_JUNK_SUFFIXES) for part in parts)


def copy_tree(tree: Tree, target: Path) -> None:
    """Copy exactly the hashed files, and git's state where the version needs it.

    Raises:
        SetupError: a file was removed meanwhile.
    """
    try:
        for name in tree.files:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree.path / name, target / name)
        if tree.git_folder is not None:
            # With a gitfile, git takes the folder that holds it as the working tree.
            text = f"gitdir: {tree.git_folder}\n"
            (target / ".git").write_text(text, encoding="utf-8")
    except OSError as error:
        raise SetupError(f"cannot copy the project {tree.path}: {error}") from error


def kept_wheel(wheels: Path, tree: Tree, interpreter: Interpreter) -> Path | None:
    """Return the wheel of a tree that fits an interpreter."""
    for folder in (wheels / tree.digest, wheels / _own_folder(tree, interpreter)):
        for wheel in folder.glob("*.whl"):
            with suppress(OSError):
                os.utime(folder)  # pruning goes by this time
            return wheel
    return None


def keep_wheel(wheels: Path, tree: Tree, interpreter: Interpreter, built: Path) -> Path:
    """Keep a new wheel: for all interpreters if it is pure, else for this one."""
    pure = built.name.endswith("-none-any.whl") and "py3" in built.name.split("-")[-3].split(".")
    folder = wheels / (tree.digest if pure else _own_folder(tree, interpreter))
    folder.mkdir(parents=True, exist_ok=True)
    # Under another name first: a file that ends in .whl is complete.
    draft = folder / f".{built.name}.draft"
    shutil.copyfile(built, draft)
    return draft.replace(folder / built.name)


def _own_folder(tree: Tree, interpreter: Interpreter) -> str:
    facts: Mapping[str, object] = interpreter.facts
    return f"{tree.digest}-{facts['cache_tag']}{facts['abiflags']}-{interpreter.platform}"
