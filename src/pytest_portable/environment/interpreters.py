"""Find the interpreter that a spec names, without the shims of version managers."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_portable.environment.layout import environment_python
from pytest_portable.environment.probing import Interpreter, ProbeError, has_shim, probe
from pytest_portable.environment.python_folders import candidates, install_roots, path_candidates
from pytest_portable.environment.specs import (
    OLDEST_TARGET,
    InterpreterSpec,
    UnknownSpecError,
    parse_spec,
    too_old,
)
from pytest_portable.errors import InterpreterNotFoundError

__all__ = [
    "default_cache_dir",
    "find_interpreter",
    "uv_request",
    "validate_python",
    "variable_name",
]

_SURROUNDINGS = (
    *("ASDF_DATA_DIR", "AGENT_TOOLSDIRECTORY", "APPDATA", "CONDA_ROOT", "HATCH_DATA_DIR", "HOME"),
    *("LOCALAPPDATA", "MAMBA_ROOT_PREFIX", "MISE_DATA_DIR", "PATH", "PYENV_ROOT", "RYE_HOME"),
    *("RUNNER_TOOL_CACHE", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"),
)


def default_cache_dir() -> Path:
    """Return the folder for environments: the user's cache, or `PYTEST_PORTABLE_CACHE_DIR`."""
    if named := os.environ.get("PYTEST_PORTABLE_CACHE_DIR"):
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path  # noqa: PLC0415 - not needed where the variable is set

    return user_cache_path("pytest-portable", appauthor=False)


def variable_name(spec: str) -> str:
    """Return the variable that decides a spec: `PYTEST_PORTABLE_PYTHON_3_12` for `"3.12"`."""
    # "python3.12" and "3.12" mean the same: one variable decides both.
    plain = re.sub(r"^(?:c?python|py)[-@]?(?=\d)", "", spec.strip())
    return "PYTEST_PORTABLE_PYTHON_" + re.sub(r"\W+", "_", plain).strip("_").upper()


def validate_python(spec: str) -> str | None:
    """Return what is wrong with an interpreter spec, without looking for interpreters.

    Args:
        spec: as a user writes it.

    Returns:
        A one-line message, or `None` when the spec can be looked for.
    """
    try:
        release = parse_spec(spec).release
    except UnknownSpecError as error:
        return str(error)
    return too_old(spec) if len(release) > 1 and release[:2] < OLDEST_TARGET else None


def uv_request(spec: str | None) -> str | None:
    """Return what uv is to install for a spec; `None` where no installation could satisfy it.

    A path names one file, and a variable of the user's decides whatever is installed.

    Args:
        spec: as a user writes it.
    """
    try:
        wanted = parse_spec(spec)
    except UnknownSpecError:
        return None
    is_named = bool(os.environ.get(variable_name(wanted.text)))
    if wanted.path is not None or wanted.is_any or is_named:
        return None
    release = ".".join(map(str, wanted.release))
    ranges = ",".join(f"{sign}{'.'.join(map(str, bound))}" for sign, bound in wanted.ranges)
    name = "" if wanted.implementation == "cpython" else wanted.implementation
    return f"{name}{release}{ranges}{'t' if wanted.free_threaded else ''}"


def find_interpreter(spec: str | None, *, cache_dir: Path | None = None) -> Interpreter:
    """Return the interpreter that a spec names.

    In order: the path itself; the spec's own variable; the interpreter behind the running one;
    the roots of version managers and tool caches, newest first; `PATH` without shims; and what
    python-discovery knows beyond that (the Windows registry). Later places are never reached when
    a named one is wrong.

    Args:
        spec: as a user writes it; `None` for the host's interpreter.
        cache_dir: where the answers of interpreters are kept, the default one if `None`.

    Returns:
        An interpreter that was started at least once and satisfies the spec.

    Raises:
        InterpreterNotFoundError: there is none; the message says where it was looked for and
            which variable to set.
    """
    cache = cache_dir or default_cache_dir()
    try:
        wanted = parse_spec(spec)
    except UnknownSpecError as error:
        raise InterpreterNotFoundError(str(error), spec or "") from error
    if wanted.path is not None:
        return _from_path(wanted, wanted.path, cache)
    named = os.environ.get(variable_name(wanted.text))
    if named and spec is not None:
        return _from_variable(wanted, named, cache)
    surroundings = tuple(os.environ.get(name) for name in _SURROUNDINGS)
    try:
        # Probed again by path, because the file may have been replaced since.
        found = probe(_search(wanted, cache, surroundings).path, cache)
    except ProbeError:
        _search.cache_clear()
        found = _search(wanted, cache, surroundings)
    return found


def _from_path(wanted: InterpreterSpec, path: Path, cache: Path) -> Interpreter:
    if has_shim(path):
        raise InterpreterNotFoundError(
            f"{path} is a shim of a version manager; name the interpreter behind it, "
            "or its version alone",
            wanted.text,
            [str(path)],
        )
    if path.is_dir():
        path = environment_python(path)  # an environment named by its folder
    try:
        return probe(path, cache)
    except ProbeError as error:
        raise InterpreterNotFoundError(
            f"no interpreter for python={wanted.text!r}: {error}", wanted.text, [str(path)]
        ) from error


def _from_variable(wanted: InterpreterSpec, named: str, cache: Path) -> Interpreter:
    variable = variable_name(wanted.text)
    found = _from_path(
        InterpreterSpec(f"{variable}={named}"), Path(named).expanduser().absolute(), cache
    )
    if not _satisfies(found, wanted):
        # To go on would test another Python than the one that the user named.
        raise InterpreterNotFoundError(
            f"{variable} names {found}, which is not python={wanted.text!r}; "
            "correct the variable or unset it",
            wanted.text,
            [named],
        )
    return found


def _satisfies(found: Interpreter, wanted: InterpreterSpec) -> bool:
    return (
        found.implementation == wanted.implementation
        and wanted.admits_release(found.version_info)
        and bool(found.facts["free_threaded"]) == wanted.free_threaded
    )


@functools.lru_cache(maxsize=64)
def _search(
    wanted: InterpreterSpec, cache: Path, _surroundings: tuple[str | None, ...]
) -> Interpreter:
    """Look through all places; the surroundings are only a part of the cache's key."""
    looked = []
    host = Path(getattr(sys, "_base_executable", None) or sys.executable)
    looked.append(f"the running interpreter ({host})")
    if (found := _first([host], wanted, cache)) is not None:
        return found
    variables, home = os.environ, Path.home()
    roots = install_roots(variables, home)
    looked += [f"{root.label} ({root.folder})" for root in roots]
    installed = [each.path for each in candidates(wanted, roots)]
    if (found := _first(installed, wanted, cache)) is not None:
        return found
    looked.append("PATH without shims")
    if (found := _first(path_candidates(wanted, variables), wanted, cache)) is not None:
        return found
    if importlib.util.find_spec("python_discovery") is not None:  # virtualenv brings it since 21
        looked.append("python-discovery")
        if (found := _first(_discovered(wanted), wanted, cache)) is not None:
            return found
    raise _not_found(wanted, looked)


def _first(paths: Iterable[Path], wanted: InterpreterSpec, cache: Path) -> Interpreter | None:
    for path in paths:
        if has_shim(path):
            continue
        try:
            found = probe(path, cache)
        except ProbeError:
            continue  # a broken installation must not hide a working one
        if wanted.is_any or _satisfies(found, wanted):
            return found
    return None


def _discovered(wanted: InterpreterSpec) -> Iterator[Path]:
    try:
        from python_discovery import (  # noqa: PLC0415 - slow to import, rarely reached
            get_interpreter,
        )
    except ImportError:  # it cannot be imported here
        return
    path = os.environ.get("PATH", "").split(os.pathsep)
    kept = os.pathsep.join(entry for entry in path if entry and not has_shim(Path(entry)))
    try:
        found = get_interpreter(wanted.text, env={**os.environ, "PATH": kept})
    except Exception:  # noqa: BLE001 - it raises what broken interpreters make it raise
        return
    if found is not None and (executable := found.system_executable or found.executable):
        yield Path(executable)


def _not_found(wanted: InterpreterSpec, looked: list[str]) -> InterpreterNotFoundError:
    places = "\n".join(f"  - {place}" for place in looked)
    name = uv_request(wanted.text)
    by_uv = (
        f" (uv python install {shlex.quote(name)}, or --portable-install-python)" if name else ""
    )
    return InterpreterNotFoundError(
        f"no interpreter for python={wanted.text!r}\nlooked in:\n{places}\n"
        f"install it{by_uv}, or set {variable_name(wanted.text)} to its path",
        wanted.text,
        looked,
    )
