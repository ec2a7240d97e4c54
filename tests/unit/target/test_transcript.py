from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.in_target import serve as protocol
from pytest_portable.agent.transcript import Transcript, read_transcript

if TYPE_CHECKING:
    from pathlib import Path

ANSWER: dict[str, Any] = {
    "status": 0,
    "timed_out": False,
    "seconds": 0.1,
    "stdout_bytes": 2,
    "stderr_bytes": 0,
    "files": [],
    "records": None,
}


def record(header: dict[str, object], *blobs: bytes) -> bytes:
    return b"".join(protocol.encode(header, blobs))


RECORDS = (
    record({"step": "loading", "name": "obj"})
    + record({"loaded": "obj"})
    + record({"returned": "obj", "name": "obj"}, b"blob")
    + record({"finished": "n"})
)


def read(records: bytes, **answer: object) -> Transcript:
    return read_transcript({**ANSWER, **answer}, [records, b"hi", b""], "n")


def test_records_are_found_by_what_they_carry() -> None:
    transcript = read(RECORDS)

    returned = transcript.find("returned")
    assert returned is not None
    assert returned.blob == b"blob"
    assert transcript.find("returned", "probe") is None
    assert (transcript.last_step(), transcript.stdout) == ("loading", "hi")
    assert transcript.finished
    assert transcript.is_clean()


@pytest.mark.parametrize("missing", range(1, len(RECORDS), 7))
def test_a_torn_last_record_is_left_out(missing: int) -> None:
    transcript = read(RECORDS[:-missing])

    assert not transcript.finished
    assert not transcript.is_clean()


def test_somebody_elses_last_word_does_not_count() -> None:
    assert not read(record({"finished": "other"})).finished


@pytest.mark.parametrize("key", ["failed", "raised"])
def test_what_raised_is_not_clean(key: str) -> None:
    transcript = read(record({key: "x", "name": "obj"}) + record({"finished": "n"}))

    assert transcript.finished
    assert not transcript.is_clean()


def test_large_records_are_read_from_their_file_which_goes(tmp_path: Path) -> None:
    kept, beside = tmp_path / "records", tmp_path / "beside"
    buffers = [memoryview(b"a" * 100), memoryview(b""), memoryview(b"b" * 70)]
    places = protocol.write_buffers(str(beside), buffers)
    kept.write_bytes(record({"value": "obj()", "beside": places}, b"stream") + RECORDS)

    transcript = read_transcript({**ANSWER, "records": str(kept)}, [b"", b"hi", b""], "n")

    value = transcript.find("value")
    assert value is not None
    assert value.buffers == tuple(bytearray(buffer) for buffer in buffers)
    assert list(tmp_path.iterdir()) == []
    assert transcript.is_clean()
