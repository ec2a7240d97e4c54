"""Small files that say of themselves that they are huge, and deep ones: read within a budget."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import resource
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from pytest_portable.cli import main

MIB = 1 << 20


def zeros(megabytes: int) -> bytes:
    return gzip.compress(bytes(megabytes * MIB), 9)


def zip_of(megabytes: int, *, members: int = 1) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"{number}.pkl", bytes(megabytes * MIB // members))
    return stream.getvalue()


def lying_zip() -> bytes:
    """Its directory says that 300 MiB are 9 bytes."""
    data = zip_of(300)
    return data.replace((300 * MIB).to_bytes(4, "little"), (9).to_bytes(4, "little"))


def nested(depth: int, width: int) -> bytes:
    data = pickle.dumps(list(range(300)), 4)
    for _ in range(depth):
        data = pickle.dumps([data + b"" for _ in range(width)], 4)
    return data


def inspect_in_little_memory(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Inspect where no more than 700 MiB can be had."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (700 * MIB, 700 * MIB))

    return subprocess.run(
        [sys.executable, "-m", "pytest_portable", "inspect", *words, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )


@pytest.mark.parametrize(
    "data",
    [zeros(300), zlib.compress(bytes(300 * MIB), 9), zip_of(300), zip_of(300, members=3)],
    ids=["gzip", "zlib", "zip", "members"],
)
def test_a_bomb_is_refused_with_the_limit(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bomb").write_bytes(data)

    done = inspect_in_little_memory(tmp_path / "bomb")

    assert done.returncode == 2
    assert "unpacks to more than the limit of" in done.stderr
    assert "--max-unpacked" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("data", [zeros(900), zlib.compress(bytes(900 * MIB), 9)])
def test_a_bomb_is_refused_in_the_envelope_of_joblib_too(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.joblib"
    file.write_bytes(data)
    run = inspect_in_little_memory(file, "--serializer", "joblib")
    assert (run.returncode, run.stdout) == (2, "")
    assert "unpacks to more than the limit" in run.stderr


def test_a_zip_that_lies_of_its_lengths_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(lying_zip())

    done = inspect_in_little_memory(tmp_path / "bomb")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_the_limit_can_be_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.gz"
    file.write_bytes(gzip.compress(pickle.dumps(bytes(100 * MIB))))

    assert main(["inspect", str(file), "--max-unpacked", "10 MB"]) == 2
    assert "(that of --max-unpacked)" in capsys.readouterr().err
    assert main(["inspect", str(file)]) == 2
    assert main(["inspect", str(file), "--max-unpacked", "200 MB", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["container"]["unpacked_bytes"] > 100 * MIB
    assert main(["inspect", str(file), "--max-unpacked", "many"]) == 2


def test_what_is_small_may_be_packed_tightly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.gz"
    file.write_bytes(gzip.compress(pickle.dumps(bytes(10 * MIB))))

    assert main(["inspect", str(file)]) == 0

    assert capsys.readouterr().err == ""


def test_a_bomb_is_made_into_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bomb"
    for data in (zeros(300), zeros(1)[:-20]):
        file.write_bytes(data)
        assert main(["bundle", str(file), "--to", str(tmp_path / "to")]) == 2
        assert "cannot be unpacked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "data",
    [
        nested(12, 2),
        nested(4, 40),
        b"\x80\x04" + b"]" * 300_000 + b"a" * 299_999 + b".",
        b"\x80\x04" + b"(" * 300_000 + b"t" * 300_000 + b".",
        b"\x80\x04]" + b"\x94h\x00\x86" * 100_000 + b".",
        b"\x80\x04C\xff" + b"\x8e" + (1 << 62).to_bytes(8, "little") + b".",
        b"\x80\x04\x95" + (1 << 62).to_bytes(8, "little") + b"N.",
        b"\x80\x04\x8b" + (1 << 30).to_bytes(4, "little") + b"\x01.",
    ],
    ids=["nested", "wide", "lists", "tuples", "shared", "length", "frame", "integer"],
)
def test_deep_and_nested_payloads_take_little(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "p.pkl"
    file.write_bytes(data)
    begun = time.monotonic()

    done = inspect_in_little_memory(file, "--json")

    assert done.returncode in {0, 1, 2}
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 60
