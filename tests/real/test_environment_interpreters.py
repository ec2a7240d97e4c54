from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_portable.environment import (
    EnvironmentRequest,
    StoreSettings,
    find_interpreter,
    installers,
    interpreters,
    prepare,
    probing,
)
from pytest_portable.environment.as_it_is import as_it_is
from pytest_portable.errors import InterpreterNotFoundError, SetupError

pytestmark = pytest.mark.real


def test_every_python_behind_the_shims_is_found(python: str) -> None:
    found = find_interpreter(python)

    assert found.version.startswith(f"{python}.")
    assert "shims" not in found.path.parts
    assert subprocess.run([found.path, "-I", "-c", ""], check=False).returncode == 0


def test_a_second_look_in_another_process_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    first = find_interpreter(python)
    interpreters._search.cache_clear()
    probing._probe.cache_clear()
    monkeypatch.setattr(probing, "_ask", lambda path: pytest.fail(f"{path} was started"))

    assert find_interpreter(python) == first


def test_a_refusing_shim_first_on_path_is_never_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("python", "python3", "python3.7"):
        shim = shims / name
        shim.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\nexit 127\n", encoding="utf-8")
        shim.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(InterpreterNotFoundError, match="PYTEST_PORTABLE_PYTHON_3_99"):
        find_interpreter("3.99")

    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("body", ["exit 3", "echo noise", "exec sleep 60"])
def test_what_is_no_python_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str
) -> None:
    monkeypatch.setattr(probing, "PROBE_TIMEOUT_SECONDS", 0.3)
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)

    with pytest.raises(InterpreterNotFoundError, match="does not run"):
        find_interpreter(str(path))


def test_an_existing_environment_is_used_as_it_is(tmp_path: Path) -> None:
    made = prepare(
        EnvironmentRequest(python=sys.executable, requirements=None, root=tmp_path),
        StoreSettings(cache_dir=tmp_path / "cache"),
    )

    assert made.executable == Path(sys.executable)
    assert made.path == Path(sys.prefix)
    assert "pytest" in made.distributions
    assert not (tmp_path / "cache" / "builds").exists()


def test_an_environment_that_is_there_costs_no_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = StoreSettings(cache_dir=tmp_path / "cache", installer="pip")
    request = EnvironmentRequest(python=None, requirements=(), root=tmp_path)
    prepare(request, settings)
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *_, **__: pytest.fail("a process"))
    prepare(request, settings)
    durations = []
    for _ in range(20):
        start = time.perf_counter()
        prepare(request, settings)
        durations.append(time.perf_counter() - start)

    # The budget is 1 ms; benchmarks watch it, this only catches a change of kind.
    assert sorted(durations)[10] < 0.01


def test_a_uv_on_path_is_started_once_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, status in (("dead", 127), ("old", 0), ("tools", 0)):
        script = tmp_path / name / "uv"
        script.parent.mkdir()
        says = "uv 0.6.1" if name == "old" else "uv 0.9.2 (x 2026)"
        body = f"echo x >>{tmp_path}/{name}.runs\necho '{says}'\nexit {status}\n"
        script.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
        script.chmod(0o755)
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", f"{tmp_path}/dead:{tmp_path}/old:{tmp_path}/tools")

    first = installers.find_uv(tmp_path / "cache")
    installers._find_uv.cache_clear()
    second = installers.find_uv(tmp_path / "cache")

    assert first == second == tmp_path / "tools" / "uv"
    assert (tmp_path / "tools.runs").read_text("utf-8") == "x\n"


def test_an_interpreter_that_says_nothing_is_an_error() -> None:
    interpreter = find_interpreter(None)
    silent = replace(interpreter, path=Path("/bin/true"))

    with pytest.raises(SetupError, match="does not say what is installed"):
        as_it_is(silent)
