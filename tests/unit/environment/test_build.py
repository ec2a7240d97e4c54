from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.environment import build as room
from pytest_portable.environment import prepare
from pytest_portable.errors import SetupError
from support.installers import BrokenInstaller, RecordingInstaller, RecordingRunner, ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_portable.environment import StoreSettings
    from support.wheels import Wheelhouse


def test_the_pin_of_the_serializer_is_taken_where_it_installs(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    installer = RecordingInstaller(wheelhouse.folder)
    wheelhouse.add("a")
    wheelhouse.add("dill", "0.3")
    wheelhouse.add("dill", "0.4")

    made = prepare(ask(tmp_path, "a", runtime=("dill==0.3",)), settings(installer))

    assert made.distributions == {"a": "1.0", "dill": "0.3"}
    assert made.notes == ()
    assert installer.asked[0].lines == ("a", "dill==0.3")


def test_the_newest_is_taken_where_the_pin_does_not_install_and_a_note_says_so(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    wheelhouse.add("one", "1.0")
    wheelhouse.add("two", "2.0")

    made = prepare(ask(tmp_path, runtime=("one==1.0", "two==2.1")), settings())

    assert made.distributions == {"one": "1.0", "two": "2.0"}
    assert len(made.notes) == 1
    assert made.notes[0].startswith("two==2.1 does not install beside the requirements on CPython")
    assert made.notes[0].endswith("two 2.0 was taken")


def test_a_requirement_that_names_the_serializer_wins(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    installer = RecordingInstaller(wheelhouse.folder)
    wheelhouse.add("dill", "0.3")

    prepare(ask(tmp_path, "dill<1", runtime=("dill==0.4",)), settings(installer))

    assert installer.asked[0].lines == ("dill<1",)


def test_beside_hashes_the_serializer_is_installed_in_a_run_of_its_own(
    tmp_path: Path, wheelhouse: Wheelhouse, settings: Callable[..., StoreSettings]
) -> None:
    installer = RecordingInstaller(wheelhouse.folder)
    wheelhouse.add("dill", "0.4")
    (tmp_path / "r.txt").write_text("--require-hashes\n--pre\n", encoding="utf-8")

    prepare(ask(tmp_path, "-r r.txt", runtime=("dill==0.4",)), settings(installer))

    assert [(work.lines, work.options) for work in installer.asked] == [
        (("dill==0.4",), ("--pre",))
    ]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "no space left"), SystemExit(1)]
)
def test_nothing_half_built_stays(
    tmp_path: Path, settings: Callable[..., StoreSettings], error: BaseException
) -> None:
    broken = BrokenInstaller(tmp_path, installing=error)
    expected = SetupError if isinstance(error, OSError) else type(error)

    with pytest.raises(expected):
        prepare(ask(tmp_path, "a"), settings(broken))

    assert list((tmp_path / "cache" / "builds").iterdir()) == []
    assert list((tmp_path / "cache" / "keys").iterdir()) == []


def test_an_environment_that_cannot_be_created_is_an_error(
    tmp_path: Path, settings: Callable[..., StoreSettings]
) -> None:
    with pytest.raises(SetupError, match="no venv here"):
        prepare(ask(tmp_path), settings(BrokenInstaller(tmp_path, creating="no venv here")))

    assert list((tmp_path / "cache" / "builds").iterdir()) == []


def test_modules_are_imported_once_so_that_their_bytecode_is_there(
    tmp_path: Path,
    wheelhouse: Wheelhouse,
    settings: Callable[..., StoreSettings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = RecordingRunner()
    monkeypatch.setattr(room, "Processes", lambda *_arguments: runner)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    wheelhouse.add("a", modules={"a/__init__.py": "", "tests/__init__.py": "", "b.py": ""})

    made = prepare(ask(tmp_path, "a"), settings())

    assert runner.commands[0][:3] == [str(made.executable), "-I", "-c"]
    assert runner.commands[0][4:] == ["a", "b"]
    assert not {"PYTHONDONTWRITEBYTECODE", "SOME_TOKEN"} & set(runner.environments[0])
