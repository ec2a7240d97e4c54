"""Files of a kept environment are removed or changed: that is no fault of the object."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.environment import find_damage
from pytest_portable.environment.layout import site_folders
from pytest_portable.errors import SetupError
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg
from support.wheels import Wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

MODULE = "class Thing:\n    def __eq__(self, other):\n        return type(self) is type(other)\n"
PAYLOAD = b"\x80\x02cthings.core\nThing\n)\x81."


@pytest.fixture(autouse=True)
def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    house = Wheelhouse(folder)
    house.add("things", modules={"things/__init__.py": "", "things/core.py": MODULE})
    for name, value in house.variables.items():
        monkeypatch.setenv(name, value)
    # What is changed in an environment may be changed in uv's cache as well.
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    started: list[Session] = []

    def make(**settings: object) -> Session:
        given = {"installer": "uv", "store": {"link_mode": "hardlink"}, **settings}
        started.append(Session(root=tmp_path, cache_dir=tmp_path / "cache", **given))  # type: ignore[arg-type]
        return started[-1]

    yield make
    for session in started:
        session.close()


LEG = Leg(deps=("things==1.0",), timeout_seconds=20.0)


def lose(core: Path) -> None:
    core.unlink()


def empty(core: Path) -> None:
    core.write_text("", encoding="utf-8")


def alter(core: Path) -> None:
    text = core.read_text("utf-8")
    core.write_text(text.replace("Thing", "Thong"), encoding="utf-8")
    os.utime(core, (time.time() + 60, time.time() + 60))


def swap(core: Path) -> None:
    """Put another file in its place, with the old time."""
    was = core.stat().st_mtime
    core.unlink()
    core.write_text("x = 1\n", encoding="utf-8")
    os.utime(core, (was, was))


def lose_all(core: Path) -> None:
    for file in core.parent.parent.rglob("*"):
        if "things" in file.parts[-2] and file.is_file():
            file.unlink()


@pytest.mark.parametrize(
    ("harm", "installer"),
    [(lose, "uv"), (lose, "pip"), (empty, "uv"), (alter, "uv"), (swap, "uv"), (lose_all, "uv")],
)
def test_a_broken_environment_is_built_again_once(
    start: Callable[..., Session], harm: Callable[[Path], None], installer: str
) -> None:
    first = portable_on(start(installer=installer), LEG)
    assert first.check_payload(PAYLOAD)
    core = site_folders(first._checker.environment.path)[0] / "things" / "core.py"
    time.sleep(2.1)  # what is written while it is built may have a later time than its record
    harm(core)

    # In another run, whose agents start in the broken environment.
    second = portable_on(start(installer=installer), LEG)
    verdict = second.check_payload(PAYLOAD)

    assert verdict, str(verdict)
    assert second.check_payload(PAYLOAD)  # also by the fixture that was there before
    third = portable_on(start(installer=installer), LEG)
    assert third._checker.environment.path != first._checker.environment.path
    assert find_damage(third._checker.environment.path, as_recorded=True) == []


def test_what_breaks_again_is_a_set_up_failure(start: Callable[..., Session]) -> None:
    session = start()
    for number in range(2):
        portable = portable_on(session, LEG)
        core = site_folders(portable._checker.environment.path)[0] / "things" / "core.py"
        core.unlink()
        if number:
            with pytest.raises(SetupError) as caught:
                portable.check_payload(PAYLOAD)
            assert "things/core.py: gone" in str(caught.value)
            assert "--portable-refresh" in str(caught.value)
        else:
            assert portable.check_payload(PAYLOAD)


def test_a_refresh_repairs_what_is_pinned(start: Callable[..., Session]) -> None:
    first = portable_on(start(), LEG)._checker.environment.path
    (site_folders(first)[0] / "things" / "core.py").unlink()

    second = portable_on(start(refresh=True), LEG)

    assert second._checker.environment.path != first
    assert portable_on(start(refresh=True), LEG)._checker.environment.path == (
        second._checker.environment.path
    )


def test_an_object_that_fails_in_a_whole_environment_fails(start: Callable[..., Session]) -> None:
    portable = portable_on(start(), LEG)

    verdict = portable.check_payload(PAYLOAD.replace(b"Thing", b"Other"))

    assert verdict.stage == "load"
    assert find_damage(portable._checker.environment.path) == []
