from __future__ import annotations

import collections
import gzip
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import pytest_portable
from pytest_portable.cli import main
from support.bundles import PRODUCER, manifest

HOSTILE = b"cos\nsystem\n(S'touch harmed'\ntR."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"c": collections.Counter()}))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(["inspect", *arguments]) == status
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json", status=status))
    return found


def test_a_file_is_told_as_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "a.pkl")

    assert text.startswith("a.pkl: pickle, protocol 4, ")
    assert "    collections.Counter  obj['c']" in text


def test_nothing_is_loaded(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "bad.pkl").write_bytes(HOSTILE)

    assert "system  obj" in said(capsys, "bad.pkl")
    assert not (folder / "harmed").exists()


def test_json_is_the_inspection_and_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "a.pkl")

    assert found["references"][0]["paths"] == ["obj['c']"]
    assert found["container"]["kind"] == "pickle"
    assert found["damaged"] is None


def test_standard_input_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(gzip.compress((folder / "a.pkl").read_bytes())))
    monkeypatch.setattr("sys.stdin", stream)

    text = said(capsys, "-")

    assert text.startswith("standard input: pickle, packed with gzip, protocol 4")


def test_an_object_is_dumped_by_the_serializer_of_choice(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "inspected_things.py").write_text("thing = {'f': lambda x: x}\nplain = [1]\n")

    assert "function <lambda>  obj['f']" in said(
        capsys, "inspected_things:thing", "--serializer", "cloudpickle"
    )
    assert data(capsys, "inspected_things:plain", "--protocol", "2")["protocol"] == 2
    assert main(["inspect", "inspected_things:thing"]) == 2
    assert "--serializer cloudpickle or dill may" in capsys.readouterr().err
    sys.modules.pop("inspected_things")


def test_a_joblib_file_is_disassembled_past_its_arrays(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    joblib.dump({"a": np.arange(100.0), "b": [1]}, folder / "m.joblib", compress=3)

    lines = said(capsys, "m.joblib", "--disassemble").splitlines()

    assert lines[0].split() == ["0", "PROTO", "4", "obj"]
    assert lines[-1].split()[1] == "STOP"
    build = next(line for line in lines if "BUILD" in line and "dtype" not in line)
    assert build.split()[-1] == "obj['a']"
    steps = [
        json.loads(line)
        for line in said(capsys, "m.joblib", "--disassemble", "--json").split("\n")
        if line
    ]
    assert len(steps) == len(lines)
    assert steps[0] == {"offset": 0, "opcode": "PROTO", "argument": "4", "path": "obj"}


def test_long_arguments_are_cut(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "long.pkl").write_bytes(pickle.dumps(b"x" * 10_000))

    assert max(map(len, said(capsys, "long.pkl", "--disassemble").splitlines())) < 100


def test_a_damaged_file_is_told_as_far_as_it_goes(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "cut.pkl").write_bytes((folder / "a.pkl").read_bytes()[:-3])

    assert "damaged: readable up to byte" in said(capsys, "cut.pkl", status=1)
    assert main(["inspect", "cut.pkl", "--disassemble"]) == 1
    captured = capsys.readouterr()
    assert "STACK_GLOBAL" in captured.out
    assert "damaged at byte" in captured.err


def test_whose_standard_library_counts_can_be_said(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "tz.pkl").write_bytes(b"czoneinfo\nZoneInfo\n.")

    assert data(capsys, "tz.pkl")["references"][0]["stdlib"] is True
    assert data(capsys, "tz.pkl", "--python", "3.8")["references"][0]["stdlib"] is False


def test_an_envelope_is_opened_by_its_serializer(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "j.z").write_bytes(gzip.compress((folder / "a.pkl").read_bytes()))

    text = said(capsys, "j.z", "--serializer", "joblib")

    assert text.startswith("j.z (joblib): protocol 4")


def test_a_bundle_tells_who_made_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    from pytest_portable.bundle.manifest import write_bundle

    made = manifest(object="dict", producer={**PRODUCER, "python": "3.9.1"})
    write_bundle(folder / "b", made, (folder / "a.pkl").read_bytes(), {}, {})

    text = said(capsys, "b")

    assert "made by cpython 3.9.1 on Linux: dict" in text
    assert "collections.Counter  obj['c']" in text
    assert data(capsys, "b")["bundle"]["producer"]["python"] == "3.9.1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.pkl"], "is no file, no directory and not MODULE:NAME"),
        (["no_such_module:x"], "cannot be had"),
        (["a.pkl", "--python", "three"], "'three' is no version"),
        (["a.pkl", "--serializer", "pickel"], "pickle"),
        (["lz.pkl"], "pip install lz4"),
        (["."], "no manifest.json"),
    ],
)
def test_misuse_says_what_is_wrong(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "lz.pkl").write_bytes(b"\x04\x22\x4d\x18" + bytes(20))

    assert main(["inspect", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_what_holds_no_pickle_says_so(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    np.save(folder / "n.npy", np.arange(3))

    assert said(capsys, "n.npy", status=1) == "n.npy: NumPy file: holds no pickle\n"


def test_a_file_does_not_say_which_versions_made_it(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    joblib.dump({"a": np.arange(3)}, folder / "a.joblib")

    text, found = said(capsys, "a.joblib"), data(capsys, "a.joblib")

    assert "  numpy (version unknown)\n" in text
    assert "  joblib (what dumped it, version unknown)\n" in text
    assert found["requirements"] == ["joblib", "numpy"]
    # An object of this process is dumped with what is installed here.
    assert data(capsys, "numpy:pi")["requirements"] == []
    assert data(capsys, "numpy:float64")["requirements"] == [f"numpy=={np.__version__}"]


def test_what_was_cut_off_is_not_said_to_need_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "cut.pkl").write_bytes(pickle.dumps(list(range(1000)))[:50])

    assert "nothing but Python" not in said(capsys, "cut.pkl", status=1)


def test_a_reader_that_leaves_is_no_error(folder: Path) -> None:
    (folder / "many.pkl").write_bytes(pickle.dumps(list(range(100_000))))
    command = f"{sys.executable} -m pytest_portable inspect --disassemble many.pkl | head -2"

    env = {**os.environ, "PYTHONPATH": str(Path(pytest_portable.__file__).parents[1])}

    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, env=env)

    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""
