"""The environment variables of the processes that we start: targets, and tools of the host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pytest_portable.agent.in_target import bootstrap

__all__ = ["set_anywhere", "target_environment", "tool_environment"]

_THREAD_VARIABLES: Final = (
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
_DROPPED_PREFIXES = ("PYTHON", "PYTEST_", "COV_", "COVERAGE_", "__PYVENV", "VIRTUALENV_", "CONDA_")
# Variables of both tools that name files.
_PATHS = ("FIND_LINKS", "CONSTRAINT", "OVERRIDE", "CONFIG_FILE")
# Variables about where to install, which the environment decides here.
_DROPPED = frozenset(
    {
        *("PIP_DRY_RUN", "PIP_EDITABLE", "PIP_PREFIX", "PIP_PYTHON", "PIP_REPORT", "PIP_ROOT"),
        *("PIP_REQUIRE_VIRTUALENV", "PIP_REQUIREMENT", "PIP_TARGET", "PIP_USER", "PIP_LOG"),
        *("UV_BREAK_SYSTEM_PACKAGES", "UV_COMPILE_BYTECODE", "UV_MANAGED_PYTHON", "UV_NO_SYNC"),
        *("UV_NO_MANAGED_PYTHON", "UV_PREFIX", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT"),
        *("UV_PYTHON", "UV_PYTHON_PREFERENCE", "UV_SYSTEM_PYTHON", "UV_TARGET", "VIRTUAL_ENV"),
        *("UV_VENV_CLEAR", "UV_VENV_SEED", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY"),
    }
)


def target_environment(extra: Mapping[str, str], home: str, hash_seed: str) -> dict[str, str]:
    """Return the variables of a target: what a process needs, nothing else of the host's."""
    kept = {name: os.environ[name] for name in bootstrap.KEPT if name in os.environ}
    return {**kept, **set_anywhere(hash_seed), "HOME": home, "TMPDIR": home, **extra}


def set_anywhere(hash_seed: str) -> dict[str, str]:
    """Return the variables that we set in every target, also where it shares no files with us."""
    return {
        **dict.fromkeys(_THREAD_VARIABLES, "1"),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": hash_seed,
    }


def tool_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that an installer, or the command of a target, runs with.

    Variables that configure indexes, proxies, certificates and compilers stay. Those that change
    the running Python, or install elsewhere, are removed.
    """
    return {
        name: _absolute(value) if name.endswith(_PATHS) else value
        for name, value in variables.items()
        if not name.startswith(_DROPPED_PREFIXES) and name not in _DROPPED
    }


def _absolute(value: str) -> str:
    """Make relative paths absolute: the installer runs in another folder."""
    return " ".join(
        str(Path(word).absolute()) if "://" not in word and Path(word).exists() else word
        for word in value.split()
    )
