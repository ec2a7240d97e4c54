"""However the command line ends, it ends in one line or none, and with a status that says how."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from pytest_portable.cli import main

COMMAND = [sys.executable, "-m", "pytest_portable"]
SLOW = "import time\nprint('here', flush=True)\ntime.sleep(60)\nobj = 1\n"


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    with subprocess.Popen(
        [*COMMAND, "inspect", "slow:obj"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    file = tmp_path / "p.pkl"
    file.write_bytes(pickle.dumps(list(map(str, range(100_000)))))
    with subprocess.Popen(
        [*COMMAND, "inspect", "--disassemble", file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(30)

    assert (process.returncode, err) == (141, b"")


def torch_archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", pickle.dumps(list(range(2000)), 2))
        archive.writestr("a/data/0", bytes(5000))
    return stream.getvalue()


GOOD = torch_archive()


@pytest.mark.parametrize(
    "data",
    [
        GOOD[:-30],
        GOOD[:40] + bytes(60) + GOOD[100:],
        GOOD.replace(b"data.pkl", b"data.pk\0"),
        b"PK\x03\x04" + os.urandom(8) * 100,
        b"\x1f\x8b" + b"x" * 100,
        b"BZh9" + b"x" * 100,
        b"\xfd7zXZ\0" + b"x" * 100,
    ],
    ids=["cut", "zeros", "name", "noise", "gzip", "bz2", "xz"],
)
def test_a_damaged_file_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    file = tmp_path / "p.pt"
    file.write_bytes(data)

    status = main(["inspect", str(file)])

    said = capsys.readouterr()
    assert "Traceback" not in said.err
    if status == 2:
        assert len(said.err.splitlines()) == 1
    else:  # the name of a member is all that was damaged
        assert "zip archive" in said.out


def test_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = time.monotonic()
    os.mkfifo(tmp_path / "fifo")

    assert main(["inspect", str(tmp_path / "fifo")]) == 2
    assert main(["check", str(tmp_path / "fifo")]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 2
    assert time.monotonic() - before < 5
