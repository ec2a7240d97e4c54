"""Ask an interpreter for its facts: one short process, whose answer is cached."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

__all__ = [
    "PROBE_BEGIN",
    "PROBE_END",
    "PROBE_SOURCE",
    "Interpreter",
    "ProbeError",
    "base_executable",
    "has_shim",
    "probe",
]

PROBE_TIMEOUT_SECONDS = 30.0
# Part of the name of every kept answer: a changed question must not get an old answer.
_PROBE_SCHEMA = 1
PROBE_BEGIN, PROBE_END = "<<pytest-portable-begin>>", "<<pytest-portable-end>>"
# Runs on CPython 3.6 and newer with `-I -S`; Python 2 refuses `-I` with its own status.
PROBE_SOURCE = """
import json, os, platform, sys, sysconfig
try:
    from _imp import extension_suffixes
    suffix = (extension_suffixes() or [""])[0]
except ImportError:
    suffix = ""
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION")
except (AttributeError, ValueError, OSError):
    libc = None
base = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
print("<<pytest-portable-begin>>" + json.dumps({
    "implementation": sys.implementation.name,
    "version": sys.version.split()[0].rstrip("+"),
    "version_info": list(sys.version_info[:3]),
    "build": sys.version,
    "cache_tag": sys.implementation.cache_tag,
    "abiflags": getattr(sys, "abiflags", ""),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "extension_suffix": suffix,
    "bits": 64 if sys.maxsize > 2 ** 32 else 32,
    "platform": sysconfig.get_platform(),
    "libc": libc,
    "base": base,
    "marker": {
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_full_version": platform.python_version(),
        "python_version": "%d.%d" % sys.version_info[:2],
        "sys_platform": sys.platform,
    },
}) + "<<pytest-portable-end>>")
"""


class ProbeError(OSError):
    """An interpreter could not be started or did not answer."""


@dataclass(frozen=True)
class Interpreter:
    """One Python installation, named by its path.

    Attributes:
        path: the executable as it was found; links are not followed, so that a virtual
            environment stays one.
        implementation: `cpython`, `pypy`, ...
        version: as `platform.python_version()` returns it.
        version_info: major, minor, micro.
        platform: as `sysconfig.get_platform()` returns it.
        identity: what distinguishes this interpreter from others, as JSON: build, ABI, platform,
            real path, size and modification time of the base executable.
    """

    path: Path
    implementation: str
    version: str
    version_info: tuple[int, int, int]
    platform: str
    identity: str

    @property
    def facts(self) -> dict[str, Any]:
        """The identity as a mapping."""
        return cast("dict[str, Any]", json.loads(self.identity))

    @property
    def name(self) -> str:
        """Its name for people, such as `CPython 3.12.1`."""
        name = {"cpython": "CPython", "pypy": "PyPy"}.get(self.implementation, self.implementation)
        return f"{name} {self.version}"

    def __str__(self) -> str:
        """Return its name and its path."""
        return f"{self.name} ({self.path})"


def has_shim(path: Path) -> bool:
    """Return whether a path leads through a version manager's shims, which may refuse to run."""
    return any(part.lower() == "shims" for part in path.parts)


def base_executable(interpreter: Interpreter) -> Path:
    """Return the executable of the installation behind an interpreter, links followed."""
    return Path(interpreter.facts["base"])


def probe(path: Path, cache_dir: Path) -> Interpreter:
    """Return one interpreter with its facts, asked for now or cached.

    Args:
        path: an executable, not a shim.
        cache_dir: where answers are kept; it need not be writable.

    Returns:
        The interpreter; no process is started where size and time are those of a cached answer.

    Raises:
        ProbeError: it is not there, does not start, or does not answer.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ProbeError(f"{path} is not there: {error.strerror}") from error
    return _probe(path, status.st_size, status.st_mtime_ns, cache_dir)


@functools.lru_cache(maxsize=256)
def _probe(path: Path, size: int, mtime_ns: int, cache_dir: Path) -> Interpreter:
    question = [_PROBE_SCHEMA, str(path), os.path.realpath(path), size, mtime_ns]
    name = hashlib.sha256(json.dumps(question).encode()).hexdigest()[:32]
    kept = cache_dir / "interpreters" / f"{name}.json"
    try:
        facts = json.loads(kept.read_bytes())
        base_status = Path(facts["base"]).stat()
    except (OSError, ValueError, KeyError, TypeError):
        facts = _ask(path)
        _keep(kept, facts)
        base_status = Path(facts["base"]).stat()
    # The time of the base executable, not of the link to it, changes with an upgrade in place.
    identity = {**facts, "size": base_status.st_size, "mtime_ns": base_status.st_mtime_ns}
    major, minor, micro = facts["version_info"]
    return Interpreter(
        path=path,
        implementation=facts["implementation"],
        version=facts["version"],
        version_info=(major, minor, micro),
        platform=facts["platform"],
        identity=json.dumps(identity, sort_keys=True),
    )


def _ask(path: Path) -> dict[str, Any]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "__PYVENV")) and name != "VIRTUAL_ENV"
    }
    try:
        done = subprocess.run(
            [str(path), "-I", "-S", "-c", PROBE_SOURCE],
            capture_output=True,
            check=False,
            cwd=tempfile.gettempdir(),
            encoding="utf-8",
            env=environment,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=PROBE_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProbeError(f"{path} does not run: {error}") from error
    # Markers, because `sitecustomize` may print first.
    _, begun, rest = done.stdout.partition(PROBE_BEGIN)
    answer, ended, _ = rest.partition(PROBE_END)
    if "Unknown option: -I" in done.stderr:
        raise ProbeError(f"{path} is no Python 3.6 or newer: it does not know the option -I")
    if done.returncode or not begun or not ended:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise ProbeError(f"{path} does not run (exit status {done.returncode}): {said}")
    return cast("dict[str, Any]", json.loads(answer))


def _keep(kept: Path, facts: dict[str, Any]) -> None:
    """Write an answer atomically; a cache that cannot be written costs only time."""
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=kept.parent, prefix=".draft-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(facts, stream)
        Path(draft).replace(kept)
