from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_portable.environment import Interpreter, find_interpreter, installers
from pytest_portable.environment.installers import (
    Bench,
    Installation,
    PipInstaller,
    UvInstaller,
    find_uv,
    pip_command,
)
from pytest_portable.environment.processes import Completed
from pytest_portable.errors import SetupError
from support.installers import RecordingRunner

PYTHON = Path("/env/bin/python")
UV = UvInstaller(Path("/tools/uv"))
PLAIN = "--no-progress --color never --no-python-downloads"


@pytest.fixture
def runner() -> RecordingRunner:
    return RecordingRunner()


@pytest.fixture
def bench(tmp_path: Path, runner: RecordingRunner) -> Bench:
    return Bench(runner=runner, folder=tmp_path, env={})


@pytest.fixture
def host() -> Interpreter:
    return find_interpreter(None)


def spoken(runner: RecordingRunner, folder: Path) -> list[str]:
    return [" ".join(command).replace(str(folder), "BENCH") for command in runner.commands]


def test_uv_is_asked_for_a_bare_environment(
    bench: Bench, runner: RecordingRunner, host: Interpreter, tmp_path: Path
) -> None:
    base = host.facts["base"]
    UV.create(tmp_path / "env", host, bench)

    assert spoken(runner, tmp_path) == [
        f"/tools/uv venv --no-project --no-python-downloads --python {base} BENCH/env"
    ]


@pytest.mark.parametrize("installer", [UV, PipInstaller()], ids=["uv", "pip"])
def test_the_targets_own_venv_is_the_way_out(
    bench: Bench,
    runner: RecordingRunner,
    host: Interpreter,
    tmp_path: Path,
    installer: UvInstaller | PipInstaller,
) -> None:
    runner.answers += [Completed(2, "no"), Completed(0, "")]
    site = tmp_path / "env" / "lib" / "python3.9" / "site-packages"
    installer.create(tmp_path / "env", host, bench)
    second = runner.commands[1]
    site.mkdir(parents=True)
    (site / "_virtualenv.pth").touch()
    (site / "_virtualenv.py").touch()
    installer.create(tmp_path / "env", host, bench)

    assert second[1:] == ["-I", "-m", "venv", "--without-pip", str(tmp_path / "env")]
    assert list(site.iterdir()) == []


def test_a_target_that_makes_no_environment_is_an_error(
    bench: Bench, runner: RecordingRunner, host: Interpreter, tmp_path: Path
) -> None:
    runner.answers += [Completed(2, "no"), Completed(1, "first\nNo module named venv\n")]

    with pytest.raises(SetupError, match="No module named venv"):
        UV.create(tmp_path / "env", host, bench)


def test_uv_installs_from_files_so_that_no_credential_is_on_a_command_line(
    bench: Bench, runner: RecordingRunner, host: Interpreter, tmp_path: Path
) -> None:
    work = Installation(
        lines=("a @ https://token@h/a.whl", "b @ git+https://word@h/b"),
        options=("--pre",),
        constraints=("b<2",),
    )

    UV.install(PYTHON, host, work, bench)

    assert spoken(runner, tmp_path) == [
        (
            f"/tools/uv pip install -v {PLAIN} --python {PYTHON} "
            "-r BENCH/requirements.txt -c BENCH/constraints.txt"
        ),
    ]
    written = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
    assert written == "--pre\na @ https://token@h/a.whl\nb @ git+https://h/b\n"


def test_uv_obeys_the_settings(runner: RecordingRunner, host: Interpreter, tmp_path: Path) -> None:
    lock = tmp_path / "pylock.toml"
    offline = Bench(runner=runner, folder=tmp_path, env={}, offline=True, link_mode="copy")
    refresh = Bench(runner=runner, folder=tmp_path, env={}, refresh=True)
    UV.install(PYTHON, host, Installation(lock=lock), offline)
    UV.install(PYTHON, host, Installation(lock=lock), refresh)
    UV.build_wheel(tmp_path, tmp_path / "out", PYTHON, host, offline)

    assert spoken(runner, tmp_path) == [
        (
            f"/tools/uv pip install -v {PLAIN} --python {PYTHON} -r BENCH/pylock.toml "
            "--offline --link-mode copy"
        ),
        f"/tools/uv pip install -v {PLAIN} --python {PYTHON} -r BENCH/pylock.toml --refresh",
        f"/tools/uv build --wheel {PLAIN} --python {PYTHON} --offline --out-dir BENCH/out BENCH",
    ]


def test_pip_fills_from_outside(
    monkeypatch: pytest.MonkeyPatch,
    runner: RecordingRunner,
    host: Interpreter,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(installers, "_host_pip_serves", lambda _version: True)
    bench = Bench(runner=runner, folder=tmp_path, env={}, offline=True)
    pip, plain = PipInstaller(), "--no-input --disable-pip-version-check --progress-bar off"
    command = f"{sys.executable} -I -m pip --python {PYTHON}"
    pip.create(tmp_path / "env", host, bench)
    pip.install(PYTHON, host, Installation(lines=("a",), constraints=("b<2",)), bench)
    (tmp_path / "pylock.toml").touch()
    pip.install(PYTHON, host, Installation(lock=tmp_path / "pylock.toml"), bench)
    pip.build_wheel(tmp_path, tmp_path / "out", PYTHON, host, bench)

    assert spoken(runner, tmp_path) == [
        (
            f"{sys.executable} -I -m virtualenv --no-seed --quiet "
            f"--python {host.facts['base']} BENCH/env"
        ),
        (
            f"{command} install {plain} --no-compile --no-user "
            "-r BENCH/requirements.txt -c BENCH/constraints.txt --no-index"
        ),
        (
            f"{command} install {plain} --no-compile --no-user "
            "--no-deps -r BENCH/requirements.txt --no-index"
        ),
        f"{command} wheel --no-deps {plain} --no-index --wheel-dir BENCH/out BENCH",
    ]


def target(tmp_path: Path, version: str = "3.8.18") -> Interpreter:
    """Pretend an interpreter whose installation lies in this test's folder."""
    major, minor, micro = map(int, version.split("."))
    base = tmp_path / "bin" / "python3"
    return Interpreter(
        base, "cpython", version, (major, minor, micro), "", json.dumps({"base": str(base)})
    )


def test_an_old_target_is_served_by_the_newest_pip_it_brings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installers, "_host_pip_serves", lambda _version: False)
    bundled = tmp_path / "lib" / "python3.8" / "ensurepip" / "_bundled"
    bundled.mkdir(parents=True)
    for name in ("pip-9.0.1", "pip-23.0.1", "pip-strange", "setuptools-56.0.0"):
        (bundled / f"{name}-py3-none-any.whl").touch()

    assert pip_command(PYTHON, target(tmp_path)) == [
        PYTHON,
        "-I",
        bundled / "pip-23.0.1-py3-none-any.whl" / "pip",
    ]


def test_without_any_pip_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(installers, "_host_pip_serves", lambda _version: False)
    monkeypatch.setattr(installers, "_embedded_pips", lambda _interpreter: [])

    with pytest.raises(SetupError, match="install uv"):
        pip_command(PYTHON, target(tmp_path))


@pytest.mark.parametrize(
    ("pip", "requires", "served"),
    [("23.2.1", ">=3.7", True), ("26.3", ">=3.10", False), ("22.0", ">=3.7", False)],
)
def test_the_hosts_pip_serves_only_what_it_supports(
    monkeypatch: pytest.MonkeyPatch, pip: str, requires: str, served: bool
) -> None:
    metadata = {"Version": pip, "Requires-Python": requires}
    monkeypatch.setattr("importlib.metadata.metadata", lambda _name: metadata)
    installers._host_pip_serves.cache_clear()

    assert installers._host_pip_serves("3.8.18") is served
    installers._host_pip_serves.cache_clear()


def test_a_uv_on_path_counts_when_it_was_seen_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Path] = []

    def runs(path: Path, _cache: Path) -> bool:
        asked.append(path)
        return path.parent.name == "tools"

    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", f"{tmp_path}/shims:{tmp_path}/dead:{tmp_path}/tools::/absent")
    for name in ("shims", "dead", "tools"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "uv").touch()
    monkeypatch.setattr(installers, "_runs", runs)

    assert find_uv(tmp_path) == tmp_path / "tools" / "uv"
    assert asked == [tmp_path / "dead" / "uv", tmp_path / "tools" / "uv"]


def test_the_pip_that_virtualenv_carries_serves_targets_without_one(tmp_path: Path) -> None:
    wheels = installers._embedded_pips(target(tmp_path, "3.12.1"))

    assert [each.name.split("-")[0] for each in wheels] == ["pip"]


def test_without_virtualenvs_own_wheels_there_is_one_way_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "virtualenv.seed.wheels.embed", None)

    assert installers._embedded_pips(target(tmp_path, "3.12.1")) == []


def test_an_installer_that_would_change_nothing_says_so(
    bench: Bench, runner: RecordingRunner, host: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installers, "_host_pip_serves", lambda _version: True)
    work, pip = Installation(lines=("a",)), PipInstaller()
    runner.answers += [
        Completed(0, "Would make no changes\n"),
        Completed(0, "Would install 1 package\n"),
        Completed(0, "Requirement already satisfied: a\n"),
        Completed(0, "Would install a-2.0\n"),
        Completed(2, "no such option: --dry-run\n"),
    ]

    said = [UV.check(PYTHON, host, work, bench).ok for _ in range(2)]
    said += [pip.check(PYTHON, host, work, bench).ok for _ in range(3)]

    assert said == [True, False, True, False, False]
    assert runner.commands[0][-3:] == ["--upgrade", "--exact", "--dry-run"]
    assert runner.commands[2][-4:] == ["--upgrade", "--upgrade-strategy", "eager", "--dry-run"]


@pytest.mark.parametrize(("version", "found"), [("0.7.0", True), ("0.6.17", False)])
def test_a_uv_that_is_too_old_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, found: bool
) -> None:
    uv = SimpleNamespace(find_uv_bin=lambda: "/extra/uv")
    monkeypatch.setitem(sys.modules, "uv", uv)
    monkeypatch.setattr("importlib.metadata.version", lambda _name: version)
    monkeypatch.setenv("PATH", "")

    assert find_uv(tmp_path) == (Path("/extra/uv") if found else None)


def test_threads_do_not_look_for_uv_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call of sysconfig, which the uv package makes, is not safe in two threads."""
    uv = pytest.importorskip("uv")
    inside, most = [], []

    def find() -> str:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()
        return "/bin/uv"

    monkeypatch.setattr(uv, "find_uv_bin", find)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(find_uv, [tmp_path / str(number) for number in range(8)]))

    assert max(most) == 1
