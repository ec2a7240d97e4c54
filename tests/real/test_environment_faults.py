"""What is left when a builder dies or the disk is full: nothing that anybody could use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_portable
from pytest_portable.environment import (
    EnvironmentRequest,
    StoreSettings,
    list_environments,
    prepare,
    prune,
)
from support.commands import need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = [pytest.mark.real, pytest.mark.slow]

# Dies right before or right after the given call of a function, as the power cord decides.
BUILDER = """
import importlib, json, os, signal, sys
from pathlib import Path
from pytest_portable.environment import EnvironmentRequest, StoreSettings, prepare
from pytest_portable.errors import SetupError

cache, line, root, where, when, count = sys.argv[1:7]
if where:
    module, _, name = where.rpartition(".")
    owner = importlib.import_module("pytest_portable.environment." + module.partition(":")[0])
    for part in filter(None, module.partition(":")[2].split(".")):
        owner = getattr(owner, part)
    real, calls = getattr(owner, name), []

    def fatal(*args, **kwargs):
        calls.append(1)
        if len(calls) == int(count) and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*args, **kwargs)
        if len(calls) == int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, fatal)
request = EnvironmentRequest(python=None, requirements=(line,), root=Path(root))
try:
    made = prepare(request, StoreSettings(cache_dir=Path(cache), installer="uv"))
except SetupError as error:
    print(json.dumps(str(error)))
    sys.exit(2)
print(json.dumps([str(made.path), dict(made.distributions)]))
"""
FUNCTION_STEPS = {
    "an empty folder": ("store:Store.start_build", "after", 1),
    "a bare environment": ("installers:UvInstaller.create", "after", 1),
    "half a wheel": ("wheel.keep_wheel", "before", 1),
    "a wheel": ("wheel.keep_wheel", "after", 1),
    "all files": ("installers:UvInstaller.install", "after", 1),
    "bytecode": ("build._warm_up", "after", 1),
    "no record": ("store.write_atomically", "before", 1),
    "a record without a pointer": ("store.write_atomically", "after", 1),
    "a pointer": ("store.write_atomically", "after", 2),
}


def run(
    cache: Path,
    line: str,
    root: Path,
    step: tuple[str, str, int] = ("", "", 0),
    prefix: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    sources = Path(pytest_portable.__path__[0]).parent
    words = [str(cache), line, str(root), *map(str, step)]
    return subprocess.run(
        [*prefix, sys.executable, "-c", BUILDER, *words],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(sources)},
        text=True,
        timeout=60,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project that a backend in one file builds."""
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "app" / "__init__.py").touch()
    (root / "backend.py").write_text(
        "import os, zipfile\n"
        "def get_requires_for_build_wheel(config_settings=None): return []\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    files = {'app/__init__.py': '', 'app-1.0.dist-info/METADATA':\n"
        "        'Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\n',\n"
        "        'app-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n'\n"
        "        'Tag: py3-none-any\\n', 'app-1.0.dist-info/RECORD': ''}\n"
        "    name = 'app-1.0-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(os.path.join(folder, name), 'w') as wheel:\n"
        "        for path, text in files.items(): wheel.writestr(path, text)\n"
        "    return name\n",
        encoding="utf-8",
    )
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "app"\nversion = "1.0"\n',
        encoding="utf-8",
    )
    return root


@pytest.mark.parametrize("step", FUNCTION_STEPS.values(), ids=FUNCTION_STEPS)
def test_a_builder_killed_at_any_step_costs_only_its_time(
    tmp_path: Path,
    project: Path,
    step: tuple[str, str, int],
    settings: Callable[..., StoreSettings],
) -> None:
    cache = tmp_path / "cache"

    killed = run(cache, ".", project, step)
    left = [each for each in list_environments(cache) if each.is_current]
    request = EnvironmentRequest(python=None, requirements=(".",), root=project)
    made = prepare(request, settings(cache_dir=cache))

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [each.path for each in left] == ([made.path] if step[2] == 2 else [])
    assert made.distributions == {"app": "1.0"}
    assert json.loads((made.path / ".pytest-portable.json").read_text("utf-8"))["size"] > 0
    prune(cache)
    current = [each.path for each in list_environments(cache) if each.is_current]
    assert current == [made.path]
    # A complete build that no pointer names is kept for a day: somebody may be using it.
    assert all(each.record is not None for each in list_environments(cache))


@pytest.mark.parametrize("size", ["24k", "48k", "96k"])
def test_a_full_disk_is_said_and_leaves_room_for_the_next_try(tmp_path: Path, size: str) -> None:
    inside = ["unshare", "-rm"]
    allowed = subprocess.run(
        [*inside, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True, check=False
    )
    need(allowed.returncode == 0, "permission to mount a tmpfs in a namespace (unshare -rm)")
    cache = tmp_path / "cache"
    cache.mkdir()
    script = (
        f'mount -t tmpfs -o size={size} tmpfs "$0" || exit 9; "$@"; status=$?\n'
        'find "$0/builds" "$0/keys" -type f; mount -o remount,size=64m "$0" || exit 9\n'
        '"$@"; exit $((10 * status + $?))'
    )

    done = run(cache, "alpha", tmp_path, prefix=[*inside, "sh", "-c", script, str(cache)])

    full, made = done.stdout.splitlines()  # no file between them: the failure left none
    assert done.returncode == 20, done.stderr
    assert "o space left on device" in full
    assert "made no environment" in full or "pytest-portable envs prune" in full
    assert json.loads(made)[1] == {"alpha": "2.0", "beta": "1.0"}
