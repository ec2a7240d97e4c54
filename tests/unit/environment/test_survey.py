from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable.environment import probing, survey_interpreters

HOST = "the running interpreter"


def install(folder: Path, name: str = "python3") -> Path:
    path = folder / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


@pytest.fixture
def pyenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give pyenv's folder of versions, whose interpreters say what their folder says."""
    real = probing._ask

    def ask(path: Path) -> dict[str, Any]:
        facts, release = real(path), path.parent.parent.name
        if release == "3.9.99":
            raise probing.ProbeError(f"{path} does not run (exit status 127)")
        # The running one may lie in a folder of that form as well, such as `.tox/3.10`.
        if release[0].isdigit() and path.is_relative_to(tmp_path):
            numbers = [int(each) for each in release.split(".")]
            facts |= {"version": release, "version_info": numbers, "base": str(path.resolve())}
        return facts

    monkeypatch.setattr(probing, "_ask", ask)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".pyenv" / "versions"


def test_each_installation_is_listed_once_newest_first_with_its_place(
    pyenv: Path, tmp_path: Path
) -> None:
    older, newer = install(pyenv / "3.8.1"), install(pyenv / "3.99.0")
    (newer.parent / "python").symlink_to(newer)

    survey = survey_interpreters(
        cache_dir=tmp_path / "cache", variables={"PATH": str(newer.parent)}
    )

    found = [(each.interpreter.path, each.place) for each in survey.found]
    host = Path(getattr(sys, "_base_executable", sys.executable))
    assert found == [(newer, f"pyenv ({pyenv})"), (host, HOST), (older, f"pyenv ({pyenv})")]
    assert survey.refused == ()


def test_what_cannot_be_a_target_is_refused_with_a_reason(pyenv: Path, tmp_path: Path) -> None:
    old, broken = install(pyenv / "3.7.9"), install(pyenv / "3.9.99")
    shim = install(tmp_path / "shims", "python3.12")
    gone = tmp_path / "gone"
    variables = {"PATH": str(shim.parent), "PYTEST_PORTABLE_PYTHON_3_12": str(gone)}

    survey = survey_interpreters(cache_dir=tmp_path / "cache", variables=variables)

    refused = {each.path: (each.place, each.reason) for each in survey.refused}
    assert refused.keys() == {old, broken, shim, gone}
    assert "CPython 3.7.9 is too old, targets run 3.8 or newer" in refused[old][1]
    assert "exit status 127" in refused[broken][1]
    assert refused[shim][0] == "PATH"
    assert "shim" in refused[shim][1]
    assert refused[gone][0] == "PYTEST_PORTABLE_PYTHON_3_12"
    assert "is not there" in refused[gone][1]


def test_only_executables_named_like_a_python_are_asked(pyenv: Path, tmp_path: Path) -> None:
    del pyenv
    for name in ("python-config", "python3.12-gdb.py", "pythonw", "ipython"):
        install(tmp_path, name)
    (tmp_path / "bin" / "python3.13").touch(mode=0o644)

    survey = survey_interpreters(
        cache_dir=tmp_path / "cache", variables={"PATH": f"{tmp_path}/bin:relative:/absent"}
    )

    assert [each.place for each in survey.found] == [HOST]
    assert survey.refused == ()
