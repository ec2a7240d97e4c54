from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_portable.report.progress import (
    LineProgress,
    LiveProgress,
    Progress,
    StatusProgress,
    StatusWatcher,
    choose_progress,
)

if TYPE_CHECKING:
    from pathlib import Path


class Kept(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def step(self, name: str, text: str) -> None:
        self.told.append(("step", name, text))

    def ended(self, name: str, text: str) -> None:
        self.told.append(("ended", name, text))

    def note(self, text: str) -> None:
        self.told.append(("note", text))

    def close(self) -> None:
        self.told.append(("close",))


def test_lines_name_the_environment_and_a_note_comes_once() -> None:
    lines: list[str] = []
    progress = LineProgress(lines.append)

    progress.step("py3.12", "installing")
    progress.note("the index is down")
    progress.note("the index is down")
    progress.ended("py3.12", "ready in 1.0 s")

    assert lines == [
        "portable: py3.12: installing",
        "portable: note: the index is down",
        "portable: py3.12: ready in 1.0 s",
    ]


def test_a_live_table_shows_steps_and_notes_come_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("rich")
    lines: list[str] = []
    progress = LiveProgress(lines.append)

    progress.step("py3.12 [numpy]", "installing")
    progress.note("the index is down")
    progress.ended("py3.12 [numpy]", "ready in 1.0 s")
    assert lines == []
    progress.close()

    assert "py3.12 [numpy] ready in 1.0 s" in capsys.readouterr().out
    assert lines == ["portable: note: the index is down"]


def test_a_live_table_with_nothing_to_show_shows_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = LiveProgress(lambda _line: None)
    progress.ended("py3.12", "no such interpreter")
    progress.close()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("is_terminal", "ci", "kind"),
    [(True, "", LiveProgress), (True, "true", LineProgress), (False, "", LineProgress)],
)
def test_live_is_for_people(
    is_terminal: bool, ci: str, kind: type[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("CI", ci)

    assert isinstance(choose_progress(print, is_terminal=is_terminal), kind)


def test_without_rich_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "rich", None)

    assert isinstance(choose_progress(print, is_terminal=True), LineProgress)


def test_what_workers_write_is_shown_once(tmp_path: Path) -> None:
    shown = Kept()
    watcher = StatusWatcher(tmp_path, shown)
    builder, waiter = (StatusProgress(tmp_path / f"{name}.jsonl") for name in ("gw0", "gw1"))

    builder.step("env", "installing")
    waiter.step("env", "waiting for process 7 to build it")
    watcher.look()
    for worker in (builder, waiter):
        worker.ended("env", "ready in 1.0 s")
    watcher.look()

    assert shown.told == [("step", "env", "installing"), ("ended", "env", "ready in 1.0 s")]


def test_waiting_for_another_run_is_shown(tmp_path: Path) -> None:
    shown = Kept()
    watcher = StatusWatcher(tmp_path, shown)
    for name in ("gw0", "gw1"):
        StatusProgress(tmp_path / f"{name}.jsonl").step("env", "waiting for process 7 to build it")

    watcher.look()

    assert shown.told == [("step", "env", "waiting for process 7 to build it")]


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    shown = Kept()
    watcher = StatusWatcher(tmp_path, shown)
    line = json.dumps({"note": "told"}) + "\n"

    with (tmp_path / "gw0.jsonl").open("w", encoding="utf-8") as stream:
        stream.write(line[:5])
        stream.flush()
        watcher.look()
        assert shown.told == []
        stream.write(line[5:])
    watcher.look()

    assert shown.told == [("note", "told")]


def test_a_watcher_reads_to_the_end_before_it_closes(tmp_path: Path) -> None:
    shown = Kept()
    watcher = StatusWatcher(tmp_path, shown)
    watcher.start()
    StatusProgress(tmp_path / "gw0.jsonl").note("last word")

    watcher.stop()
    watcher.stop()

    assert shown.told == [("note", "last word"), ("close",)]


def test_a_folder_that_went_away_stops_nobody(tmp_path: Path) -> None:
    StatusProgress(tmp_path / "gone" / "gw0.jsonl").note("told to nobody")
    StatusWatcher(tmp_path / "gone", Kept()).look()
