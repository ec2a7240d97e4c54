from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest

from pytest_portable.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_portable_object_gives_0_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", "collections:OrderedDict", "--json"])

    assert status == 0
    assert json.loads(capsys.readouterr().out)["portable"] is True


def test_payload_that_does_not_load_gives_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.bin"
    file.write_bytes(b"cnowhere_at_all\nthing\n.")

    status = main(["check", str(file)])

    assert status == 1
    assert "nowhere_at_all" in capsys.readouterr().out


def test_every_record_of_a_file_is_told_on_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tasks.pkl"
    bad = b"cnowhere_at_all\nthing\n."
    file.write_bytes(pickle.dumps({"hash": "a"}) + bad + pickle.dumps({"hash": "c"}))

    assert main(["check", str(file)]) == 1
    told = capsys.readouterr().out
    assert "record 1: " in told
    assert "nowhere_at_all" in told
    assert told.splitlines()[-1] == "2 of 3 records are portable"

    assert main(["check", str(file), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["portable"] for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["check", "os"], "neither a file nor MODULE:NAME", id="no colon"),
        pytest.param(["check", "os:gone"], "cannot be had", id="no attribute"),
        pytest.param(["check", "os:sep", "--dep", "a b c"], "is no requirement", id="dep"),
        pytest.param(["check", "os:sep", "--python", ">=x"], "no version range", id="python"),
        pytest.param(["check", "os:sep", "--serializer", "dil"], "did you mean 'dill'", id="name"),
        pytest.param(
            ["check", "os:sep", "--serializer", "os:sep"], "no pytest_portable.Serializer", id="own"
        ),
        pytest.param(["check", "os:sep", "--constraint", "gone.txt"], "no such file", id="file"),
        pytest.param(["check", "os:sep", "--python", "/no/python"], "is not there", id="set-up"),
    ],
)
def test_misuse_and_set_up_failures_give_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(arguments)

    assert status == 2
    assert said in capsys.readouterr().err


def test_a_serializer_of_the_user_is_named_as_objects_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_format.py").write_text(
        "import json\nfrom pytest_portable import Serializer\n"
        "MINE = Serializer(name='mine', dumps=lambda obj: json.dumps(obj).encode(),\n"
        "    loaders='json:loads')\n"
    )
    monkeypatch.setattr("sys.path", [*__import__("sys").path])

    assert main(["check", "sys:byteorder", "--serializer", "own_format:MINE", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["payload_bytes"] == len('"little"')


def test_payload_in_a_file_is_never_loaded_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "payload.bin"
    file.write_bytes(pickle.dumps({"a": 1}))

    assert main(["check", str(file), "--probe", "obj['a']"]) == 0
    assert "portable" in capsys.readouterr().out
