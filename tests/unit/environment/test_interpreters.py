from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_portable.environment import (
    default_cache_dir,
    find_interpreter,
    interpreters,
    probing,
    validate_python,
)
from pytest_portable.environment.interpreters import uv_request, variable_name
from pytest_portable.environment.specs import parse_spec
from pytest_portable.errors import InterpreterNotFoundError

HOST = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture(autouse=True)
def _fresh_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    interpreters._search.cache_clear()
    for name in interpreters._SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(interpreters, "_discovered", lambda _wanted: iter(()))


def pretend(monkeypatch: pytest.MonkeyPatch, releases: dict[str, str]) -> None:
    """Let executables answer with another release, by a part of their path."""
    real = probing._ask

    def ask(path: Path) -> dict[str, Any]:
        facts = real(path)
        for part, release in releases.items():
            if part in str(path):
                if release == "broken":
                    raise probing.ProbeError(f"{path} does not run")
                numbers = [int(each) for each in release.split(".")]
                facts |= {"version": release, "version_info": numbers, "base": str(path)}
        return facts

    monkeypatch.setattr(probing, "_ask", ask)


def install(home: Path, release: str) -> Path:
    path = home / ".pyenv" / "versions" / release / "bin" / "python3"
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return path


def test_no_spec_is_the_interpreter_behind_the_running_one() -> None:
    found = find_interpreter(None)

    assert found.version_info == sys.version_info[:3]
    assert found.implementation == sys.implementation.name
    assert found.name in str(found)
    assert find_interpreter(HOST) == found


def test_a_path_is_taken_as_it_is() -> None:
    assert find_interpreter(sys.executable).path == Path(sys.executable)


def test_an_environment_may_be_named_by_its_folder() -> None:
    assert find_interpreter(sys.prefix).path == Path(sys.prefix) / "bin" / "python"


def test_a_spec_is_validated_without_a_search() -> None:
    assert validate_python("3.99") is None
    assert "too old" in str(validate_python("3.6"))
    assert validate_python("3.8") is None
    assert "valid: " in str(validate_python("banana"))


def test_install_roots_are_searched_past_a_broken_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {"3.6.15": "3.6.15", "3.6.99": "broken"})
    path = install(tmp_path, "3.6.15")
    install(tmp_path, "3.6.99")

    assert find_interpreter("3.6").path == path
    assert find_interpreter("3.6").version == "3.6.15"


def test_an_interpreter_that_went_away_is_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {"3.6.15": "3.6.15", "3.6.10": "3.6.10"})
    newer, older = install(tmp_path, "3.6.15"), install(tmp_path, "3.6.10")
    first = find_interpreter("3.6").path
    newer.unlink()

    assert first == newer
    assert find_interpreter("3.6").path == older


def test_a_missing_one_is_an_error_that_says_where_it_looked_and_what_to_set(
    tmp_path: Path,
) -> None:
    (tmp_path / ".pyenv" / "versions").mkdir(parents=True)

    with pytest.raises(InterpreterNotFoundError) as caught:
        find_interpreter("3.6")

    message = str(caught.value)
    assert "PYTEST_PORTABLE_PYTHON_3_6" in message
    assert f"pyenv ({tmp_path}/.pyenv/versions)" in message
    assert "PATH without shims" in message
    assert "uv python install 3.6" in message
    assert caught.value.spec == "3.6"


@pytest.mark.parametrize(
    ("spec", "request_of_uv"),
    [
        ("3.14", "3.14"),
        ("py312", "3.12"),
        ("python3.12", "3.12"),
        (">= 3.10, <3.13", ">=3.10,<3.13"),
        ("pypy3.10", "pypy3.10"),
        ("pypy", "pypy"),
        ("3.13t", "3.13t"),
        ("/usr/bin/python3", None),
        ("python", None),
        ("snake", None),
        (None, None),
    ],
)
def test_what_uv_is_asked_to_install(spec: str | None, request_of_uv: str | None) -> None:
    assert uv_request(spec) == request_of_uv


def test_uv_installs_nothing_where_a_variable_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable_name("3.14"), "/gone")

    assert uv_request("3.14") is None


def test_only_what_was_looked_through_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(InterpreterNotFoundError) as caught:
        find_interpreter("3.97")

    assert "python-discovery" not in str(caught.value)


def test_the_variable_of_a_spec_settles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable_name(HOST), sys.executable)

    assert find_interpreter(HOST).path == Path(sys.executable)
    assert find_interpreter(f"python{HOST}").path == Path(sys.executable)


@pytest.mark.parametrize("value", ["/absent/python", sys.executable])
def test_a_wrong_variable_is_an_error_and_nothing_else_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    pretend(monkeypatch, {"3.6.15": "3.6.15"})
    install(tmp_path, "3.6.15")
    monkeypatch.setenv("PYTEST_PORTABLE_PYTHON_3_6", value)

    with pytest.raises(InterpreterNotFoundError, match="PYTEST_PORTABLE_PYTHON_3_6"):
        find_interpreter("3.6")


@pytest.mark.parametrize("spec", ["graalpy", "graalpy3.99"])
def test_the_host_never_stands_in_for_another_implementation(spec: str) -> None:
    with pytest.raises(InterpreterNotFoundError, match=f"uv python install {spec}"):
        find_interpreter(spec)


@pytest.mark.parametrize("spec", ["/absent/python", "/x/shims/python", "banana"])
def test_what_names_no_interpreter_is_an_error(spec: str) -> None:
    with pytest.raises(InterpreterNotFoundError) as caught:
        find_interpreter(spec)

    assert caught.value.spec == spec


@pytest.mark.parametrize(
    ("spec", "variable"),
    [
        ("3.12", "PYTEST_PORTABLE_PYTHON_3_12"),
        ("python3.12", "PYTEST_PORTABLE_PYTHON_3_12"),
        ("pypy3.10", "PYTEST_PORTABLE_PYTHON_PYPY3_10"),
        (">=3.10,<3.13", "PYTEST_PORTABLE_PYTHON_3_10_3_13"),
    ],
)
def test_the_variable_is_named_after_the_spec(spec: str, variable: str) -> None:
    assert variable_name(spec) == variable


def test_answers_are_kept_by_size_and_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Path] = []
    real = probing._ask

    def ask(path: Path) -> dict[str, Any]:
        asked.append(path)
        return real(path)

    monkeypatch.setattr(probing, "_ask", ask)
    executable = tmp_path / "python"
    executable.touch()
    probing.probe(executable, tmp_path)
    probing._probe.cache_clear()
    probing.probe(executable, tmp_path)
    kept = len(asked)
    os.utime(executable, (1, 1))
    probing.probe(executable, tmp_path)

    assert (kept, len(asked)) == (1, 2)


def test_an_upgrade_of_the_base_changes_the_identity(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    executable = tmp_path / "python3.6"
    executable.touch()
    pretend(monkeypatch, {"python3.6": "3.6.1"})
    before = probing.probe(executable, tmp_path).identity
    executable.write_text("upgraded", encoding="utf-8")

    assert probing.probe(executable, tmp_path).identity != before


def test_the_cache_folder_moves_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path))
    moved = default_cache_dir()
    monkeypatch.delenv("PYTEST_PORTABLE_CACHE_DIR")

    assert moved == tmp_path
    assert default_cache_dir().name == "pytest-portable"


def test_what_only_python_discovery_knows_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden" / "python"
    hidden.parent.mkdir()
    hidden.touch()
    pretend(monkeypatch, {"hidden": "3.6.15"})
    monkeypatch.setattr(interpreters, "_discovered", lambda _wanted: iter([hidden]))

    assert find_interpreter("3.6").path == hidden


def test_python_discovery_is_asked_without_shims_and_may_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, str]] = []

    def get_interpreter(_spec: str, *, env: dict[str, str]) -> object:
        asked.append(env)
        if len(asked) == 1:
            raise RuntimeError("a broken interpreter")
        return SimpleNamespace(system_executable=None, executable="/found/python")

    monkeypatch.undo()
    monkeypatch.setitem(
        sys.modules, "python_discovery", SimpleNamespace(get_interpreter=get_interpreter)
    )
    monkeypatch.setenv("PATH", "/x/shims:/bin")
    spec = parse_spec("3.6")
    failed, found = list(interpreters._discovered(spec)), list(interpreters._discovered(spec))
    monkeypatch.setitem(sys.modules, "python_discovery", None)
    absent = list(interpreters._discovered(spec))

    assert (failed, found, absent) == ([], [Path("/found/python")], [])
    assert asked[0]["PATH"] == "/bin"
