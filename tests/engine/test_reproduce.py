from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_portable.engine import reproduce as byhand
from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Local:
    """A class of the test module, which no target has."""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path / "cache"))
    opened = Session(root=tmp_path, cache_dir=tmp_path / "cache")
    yield opened
    opened.close()


def test_the_command_of_a_failure_fails_the_same_way(session: Session, tmp_path: Path) -> None:
    leg = Leg(test="t.py::test_x", timeout_seconds=30)
    verdict = portable_on(session, leg).check({"a": Local()})

    done = subprocess.run(
        [*shlex.split(verdict.reproduce), "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    again = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert (again["stage"], again["problems"][0]["path"]) == ("load", "obj['a']")
    assert verdict.reproduce in str(verdict)


def test_what_a_command_cannot_take_names_the_test(session: Session, tmp_path: Path) -> None:
    leg = Leg(test="t.py::test_x", env={"A": "1"})

    verdict = portable_on(session, leg).check(Local())

    assert verdict.reproduce == "python -m pytest t.py::test_x"
    assert not (tmp_path / "cache" / "failed-payloads").exists()


def test_the_oldest_payloads_are_forgotten(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byhand, "MAX_KEPT", 2)
    portable = portable_on(session, Leg())
    for number in range(4):
        portable.check([Local(), number])

    kept = list((tmp_path / "cache" / "failed-payloads").iterdir())
    assert len(kept) == 2
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_a_secret_in_an_address_stays_out_of_the_command() -> None:
    leg = Leg(deps=("x @ https://user:token@host/x.whl",))

    assert not byhand._is_plain(leg)
    assert byhand._is_plain(replace(leg, deps=("x @ https://host/x.whl",)))


@pytest.mark.parametrize(
    ("line", "is_anywhere"),
    [("six>=1", True), ("-r needed.txt", False), ("--find-links wheels", False), (".", False)],
)
def test_lines_that_name_files_are_read_where_they_stand(
    line: str, is_anywhere: bool, tmp_path: Path
) -> None:
    by_hand = byhand.ByHand(Leg(deps=(line,)), tmp_path, tmp_path)

    command = byhand._command(by_hand, tmp_path / "x.bin")

    assert command.startswith(f"cd {tmp_path} && ") is not is_anywhere


def test_the_command_is_told_how_environments_are_made(tmp_path: Path) -> None:
    constraints = tmp_path / "c.txt"
    constraints.write_text("six==1.16\n")
    (tmp_path / "needed.txt").write_text("")
    opened = Session(
        root=tmp_path,
        cache_dir=tmp_path / "a cache",
        installer="pip",
        constraints=(constraints,),
        offline=True,
    )
    try:
        verdict = portable_on(opened, Leg(deps=("-r needed.txt",))).check(Local())
    finally:
        opened.close()

    told = verdict.reproduce
    assert told.startswith(f"cd {tmp_path} && ")
    wanted = (
        f"--constraint {constraints} --installer pip --offline --cache-dir '{tmp_path}/a cache'"
    )
    assert told.endswith(wanted)
    done = subprocess.run(["sh", "-c", told], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 1, done.stderr
    assert "not portable" in done.stdout
