from __future__ import annotations

import importlib.metadata
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_portable
from pytest_portable.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

VERDICT_KEYS = {
    "schema",
    "portable",
    "stage",
    "problems",
    "notes",
    "object",
    "serializer",
    "protocol",
    "payload_bytes",
    "target",
    "leg",
    "seconds",
    "warnings",
    "stdout",
    "stderr",
    "test",
}
PROBLEM_KEYS = {
    "code",
    "stage",
    "path",
    "module",
    "distribution",
    "message",
    "remedies",
    "evidence",
    "payload",
    "docs",
    "traceback",
}
TARGET_KEYS = {"python", "implementation", "platform", "executable", "distributions"}
THINGS = """\
import threading
good = {"a": [1, 2.5]}
bad = {"a": [1, threading.Lock()]}

class Local:
    item = 1

local = Local()
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def check(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `check` from a folder that holds `things.py`, and forget that module afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "things", raising=False)
    (tmp_path / "things.py").write_text(THINGS, "utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", "utf-8")

    def run(*arguments: str) -> int:
        return main(["check", *arguments, "--cache-dir", str(cache)])

    return run


Capture = pytest.CaptureFixture[str]


def test_a_portable_object_is_status_0(check: Callable[..., int], capsys: Capture) -> None:
    status = check("things:good")

    assert status == 0
    assert capsys.readouterr().out.startswith("portable to py3.")


def test_an_object_that_is_not_portable_is_status_1(
    check: Callable[..., int], capsys: Capture
) -> None:
    status = check("things:bad")

    assert status == 1
    out = capsys.readouterr().out
    assert "unserializable" in out
    assert "obj['a'][1]" in out


def test_all_mistakes_are_told_at_once(check: Callable[..., int], capsys: Capture) -> None:
    status = check("things:good", "--dep", "a b", "--python", "???", "--serializer", "pickel")

    err = capsys.readouterr().err
    assert status == 2
    assert err.startswith("pytest-portable: 3 mistakes\n")
    assert len(err.splitlines()) == 4
    for word in ("--dep", "--python", "--serializer", "did you mean 'pickle'?"):
        assert word in err


def test_a_dotted_name_reaches_attributes(check: Callable[..., int]) -> None:
    assert check("things:Local.item") == 0


def test_json_has_the_documented_keys(check: Callable[..., int], capsys: Capture) -> None:
    status = check("things:local", "--json")

    verdict = json.loads(capsys.readouterr().out)
    assert status == 1
    assert verdict.keys() >= VERDICT_KEYS
    assert (verdict["schema"], verdict["portable"], verdict["stage"]) == (1, False, "load")
    assert verdict["problems"][0].keys() == PROBLEM_KEYS
    assert verdict["problems"][0]["remedies"][0].keys() == {"text", "change", "proven", "proof"}
    assert verdict["target"].keys() == TARGET_KEYS
    assert {"python", "deps", "id"} <= verdict["leg"].keys()


def test_json_of_a_portable_object_has_no_stage(check: Callable[..., int], capsys: Capture) -> None:
    status = check("things:good", "--json")

    verdict = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (verdict["portable"], verdict["stage"], verdict["problems"]) == (True, None, [])


def test_progress_never_mixes_with_json(check: Callable[..., int], capsys: Capture) -> None:
    check("things:good", "--json", "--refresh")

    captured = capsys.readouterr()
    assert json.loads(captured.out)["portable"]


def test_a_file_is_checked_without_being_loaded_here(
    check: Callable[..., int], tmp_path: Path
) -> None:
    target = str(tmp_path / "loaded")

    class Marker:
        def __reduce__(self) -> tuple[object, ...]:
            return eval, (f"open({target!r}, 'a').write(f'{{__import__(\"os\").getpid()}} ')",)

    (tmp_path / "object.pkl").write_bytes(pickle.dumps(Marker()))

    assert check("object.pkl") == 0

    loaded_by = Path(target).read_text("utf-8").split()
    assert len(loaded_by) == 1
    assert str(os.getpid()) not in loaded_by


def test_a_file_that_does_not_load_there_is_status_1(
    check: Callable[..., int], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "object.pkl").write_bytes(b"cnowhere\nx\n.")

    assert check("object.pkl") == 1
    assert "nowhere" in capsys.readouterr().out


def test_a_probe_that_raises_on_a_file_is_status_1(
    check: Callable[..., int], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "object.pkl").write_bytes(pickle.dumps({"a": 1}))

    assert check("object.pkl", "--probe", "obj['a']", "--probe", "len(obj)") == 0
    assert check("object.pkl", "--probe", "obj['a']", "--probe", "obj['b']") == 1
    assert "probe[1] raised KeyError: 'b' there" in capsys.readouterr().out


def test_a_probe_that_agrees_passes(check: Callable[..., int]) -> None:
    assert check("things:good", "--probe", "sum(obj['a'])") == 0


def test_a_probe_that_differs_fails(check: Callable[..., int], capsys: Capture) -> None:
    status = check("things:good", "--probe", "__import__('os').getpid()")

    assert status == 1
    assert "mismatch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["things:good", "--serializer", "pickel"],
            ["'pickel'", "did you mean 'pickle'"],
            id="serializer",
        ),
        pytest.param(["things:good", "--dep", "six =="], ["six =="], id="requirement"),
        pytest.param(["things:goood"], ["'things:goood'", "goood"], id="attribute"),
        pytest.param(["thinks:good"], ["'thinks:good'", "thinks"], id="module"),
        pytest.param(["broken:x"], ["'broken:x'", "ZeroDivisionError"], id="import"),
        pytest.param(["things:good", "--timeout", "0"], ["--timeout", "above 0"], id="timeout"),
        pytest.param(["things:good", "--protocol", "9"], ["--protocol", "0 to 5"], id="protocol"),
        pytest.param(["nothing"], ["'nothing'", "MODULE:NAME"], id="neither"),
        pytest.param(["things:good", "--probe", "obj +"], ["'obj +'"], id="probe"),
        pytest.param(["things:good", "--python", "3.77"], ["3.77"], id="interpreter"),
        pytest.param(["things:good", "--python", "???"], ["???"], id="spec"),
    ],
)
def test_misuse_is_status_2_and_says_what_is_wrong(
    check: Callable[..., int], capsys: Capture, arguments: list[str], words: list[str]
) -> None:
    status = check(*arguments)

    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.count("Traceback") == 0
    for word in words:
        assert word in captured.err


def test_both_entry_points_are_the_same_program() -> None:
    source = str(Path(pytest_portable.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-m", "pytest_portable", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )

    assert done.stdout.startswith("usage: pytest-portable ")
    assert "check" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek", "x"], "; did you mean 'check'?"),
        (["check", "http:HTTPStatus", "--serialiser=dill"], "unknown option --serialiser; did you"),
        (["envs", "lst"], "; did you mean 'list'?"),
        (["envs", "list", "--jsn"], "unknown option --jsn; did you mean '--json'?"),
        ([], "\n    inspect "),
        (["envs"], "\n    prune "),
        (["check", "--zzz", "x"], "unknown option --zzz\n"),
    ],
)
def test_a_near_spelling_and_what_there_is(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert not caught.value.code
    installed = importlib.metadata.version("pytest-portable")
    assert capsys.readouterr().out == f"pytest-portable {installed}\n"
