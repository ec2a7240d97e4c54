from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_portable
from pytest_portable.environment import (
    EnvironmentRequest,
    find_interpreter,
    list_environments,
    prepare,
    prepare_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse

pytestmark = pytest.mark.real

BUILDER = """
import json, sys, time
from pathlib import Path
from pytest_portable.environment import EnvironmentRequest, StoreSettings, prepare
cache, line, die_at = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def report(step):
    if die_at and step.startswith(die_at):
        print("here", flush=True)
        time.sleep(60)
made = prepare(
    EnvironmentRequest(python=None, requirements=(line,), root=cache),
    StoreSettings(cache_dir=cache, installer="uv"), report=report)
print(json.dumps([str(made.path), dict(made.distributions)]))
"""


def start(cache: Path, line: str = "alpha", die_at: str = "") -> subprocess.Popen[str]:
    sources = Path(pytest_portable.__path__[0]).parent
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(cache), line, die_at],
        env={**os.environ, "PYTHONPATH": str(sources)},
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(*lines: str) -> EnvironmentRequest:
    return EnvironmentRequest(python=None, requirements=lines, root=Path("/"))


def test_eight_builders_of_one_environment_make_one_build(tmp_path: Path) -> None:
    builders = [start(tmp_path) for _ in range(8)]
    answers = [builder.communicate(timeout=60)[0] for builder in builders]

    assert [builder.returncode for builder in builders] == [0] * 8
    assert len(set(answers)) == 1
    assert json.loads(answers[0])[1] == {"alpha": "2.0", "beta": "1.0"}
    assert len(list((tmp_path / "builds").iterdir())) == 1


@pytest.mark.parametrize("step", ["creating", "installing", "importing"])
def test_a_builder_that_is_killed_leaves_nothing_usable_behind(
    tmp_path: Path, settings: Callable[..., StoreSettings], step: str
) -> None:
    victim = start(tmp_path, die_at=step)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "here\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait(10)
    victim.stdout.close()
    left = [each.record for each in list_environments(tmp_path)]
    started = time.monotonic()
    made = prepare(ask("alpha"), settings(cache_dir=tmp_path))

    assert left in ([], [None])
    assert time.monotonic() - started < 10
    assert made.distributions == {"alpha": "2.0", "beta": "1.0"}
    assert [each.path for each in list_environments(tmp_path)] == [made.path]


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_refresh_does_not_pull_an_environment_from_under_its_user(
    tmp_path: Path,
    settings: Callable[..., StoreSettings],
    wheelhouse: Wheelhouse,
    installer: str,
) -> None:
    (tmp_path / "wheels").mkdir()
    mine = [f"--find-links {tmp_path}/wheels"]
    (tmp_path / "r.txt").write_text("\n".join([*mine, "moving"]), encoding="utf-8")
    house = type(wheelhouse)(tmp_path / "wheels")
    house.add("moving", "1.0")
    request = EnvironmentRequest(python=None, requirements=("-r r.txt",), root=tmp_path)
    cache = tmp_path / "cache"
    old = prepare(request, settings(installer, cache_dir=cache))
    user = subprocess.Popen(
        [old.executable, "-c", "input(); import moving; print(moving.__version__)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    same = prepare(request, settings(installer, cache_dir=cache, refresh=True))
    house.add("moving", "2.0")
    new = prepare(request, settings(installer, cache_dir=cache, refresh=True))
    said, _ = user.communicate("\n", timeout=30)

    assert same.path == old.path
    assert new.path != old.path
    assert new.distributions == {"moving": "2.0"}
    assert said == "1.0\n"


def test_a_read_only_cache_is_used_and_what_it_lacks_is_made_for_the_session(
    tmp_path: Path, settings: Callable[..., StoreSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = prepare(ask(), settings(cache_dir=tmp_path))
    # Permissions do not bind root, who runs many CI jobs.
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))

    hit = prepare(ask(), settings(cache_dir=tmp_path))
    missed = prepare(ask("beta"), settings(cache_dir=tmp_path))

    assert hit == there
    assert missed.distributions == {"beta": "1.0"}
    assert "session only" in missed.remarks[0]
    assert tmp_path not in missed.path.parents


def test_environments_of_several_pythons_are_prepared_together(
    tmp_path: Path, settings: Callable[..., StoreSettings]
) -> None:
    pythons = ("3.9", "3.11", "3.12")
    for python in pythons:
        find_interpreter(python)  # says what to skip for, see `support/absent.py`
    requests = [
        EnvironmentRequest(python=python, requirements=("alpha",), root=tmp_path)
        for python in (*pythons, "3.98")
    ]

    made = prepare_all(requests, settings(cache_dir=tmp_path))

    kinds = [type(made[request]).__name__ for request in requests]
    assert kinds == ["Environment"] * 3 + ["InterpreterNotFoundError"]


TOGETHER = """
import signal, sys
from dataclasses import dataclass
from pathlib import Path
from pytest_portable.environment import EnvironmentRequest, StoreSettings, prepare_all
from pytest_portable.environment.installers import PipInstaller

class Slow(PipInstaller):
    name = "slow"
    def install(self, python, interpreter, work, bench):
        return bench.run([sys.executable, "-c",
            "import os, time; print(os.getpid()); print('here', file=open(%r, 'a')); time.sleep(60)"
            % sys.argv[2]])

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
requests = [
    EnvironmentRequest(python=None, requirements=(line,), root=Path("/"))
    for line in ("alpha", "beta")
]
settings = StoreSettings(cache_dir=Path(sys.argv[1]), installer="slow", installers=(Slow(),))
prepare_all(requests, settings)
"""


def test_ctrl_c_ends_all_preparations_and_leaves_nothing_half_built(tmp_path: Path) -> None:
    cache, flag = tmp_path / "cache", tmp_path / "flag"
    sources = Path(pytest_portable.__path__[0]).parent
    pytest_run = subprocess.Popen(
        [sys.executable, "-c", TOGETHER, str(cache), str(flag)],
        env={**os.environ, "PYTHONPATH": str(sources)},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not (flag.exists() and len(flag.read_text().splitlines()) == 2):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pytest_run.send_signal(signal.SIGINT)
    _, said = pytest_run.communicate(timeout=10)

    assert b"KeyboardInterrupt" in said
    assert list((cache / "builds").iterdir()) == []
    assert list((cache / "keys").iterdir()) == []
