from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.in_target.messages import encode, write_buffers
from pytest_portable.agent.records import Returned, Value
from pytest_portable.agent.transcript import Transcript, read_transcript
from pytest_portable.errors import AgentError

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
    return b"".join(encode(header, blobs))


ERROR = {"type": "KeyError", "module": "builtins", "message": "1", "traceback": "KeyError: 1"}
DUMPED = {"name": "obj", "dumper": "pickle:dumps", "type": ["builtins", "list"]}
RECORDS = (
    record({"step": "loading", "name": "obj"})
    + record({"loaded": "obj", "loader": "pickle:loads"})
    + record({"returned": "obj", **DUMPED}, b"blob")
    + record({"finished": "n"})
)


def read(records: bytes, **answer: object) -> Transcript:
    return read_transcript({**ANSWER, **answer}, [records, b"hi", b""], "n")


def test_records_are_found_by_what_they_carry() -> None:
    transcript = read(RECORDS)

    returned = transcript.first(Returned)
    assert returned is not None
    assert returned.blob == b"blob"
    assert transcript.first(Returned, "probe") is None
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


@pytest.mark.parametrize(
    "raised", [{"failed": "loading", "error": ERROR}, {"raised": ERROR}], ids=["load", "call"]
)
def test_what_raised_is_not_clean(raised: dict[str, object]) -> None:
    transcript = read(record({**raised, "name": "obj"}) + record({"finished": "n"}))

    assert transcript.finished
    assert not transcript.is_clean()


def test_large_records_are_read_from_their_file_which_goes(tmp_path: Path) -> None:
    kept, beside = tmp_path / "records-1-a", tmp_path / "records-1-a-1"
    buffers = [memoryview(b"a" * 100), memoryview(b""), memoryview(b"b" * 70)]
    places = {**write_buffers(str(beside), buffers), "file": beside.name}
    kept.write_bytes(record({"value": "obj()", **DUMPED, "beside": places}, b"stream") + RECORDS)

    answer = {**ANSWER, "records": kept.name}
    transcript = read_transcript(answer, [b"", b"hi", b""], "n", folder=tmp_path)

    value = transcript.first(Value)
    assert value is not None
    assert value.buffers == tuple(bytearray(buffer) for buffer in buffers)
    assert list(tmp_path.iterdir()) == []
    assert transcript.is_clean()


@pytest.mark.parametrize(
    "forged",
    [
        {"loaded": "obj"},
        {"returned": 3, **DUMPED},
        {"raised": {**ERROR, "frames": [["f", "no line", "g", "m"]]}, "name": "obj"},
        {"failed": "loading", "name": "obj", "error": None},
        {"value": "obj()", **DUMPED, "type": ["one"]},
        {"events": "import os"},
        {"finished": ["n"]},
    ],
)
def test_a_forged_record_ends_the_transcript(forged: dict[str, object]) -> None:
    step = record({"step": "loading", "name": "obj"})

    transcript = read(step + record(forged, b"blob") + record({"finished": "n"}))

    assert transcript.malformed
    assert not transcript.finished
    assert len(transcript.records) == 1


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b"{", b"[" * 200_000, b'{"step": "loading", "blobs": 3}'],
    ids=["empty", "list", "torn", "deep", "blobs"],
)
def test_a_header_that_is_no_json_of_ours_ends_the_transcript(header: bytes) -> None:
    step = record({"step": "loading", "name": "obj"})
    head = b"".join(number.to_bytes(8, "big") for number in (len(header), 0, 0, 0))

    transcript = read(step + head + header + record({"finished": "n"}))

    assert transcript.malformed
    assert len(transcript.records) == 1


def test_a_forged_first_record_is_our_trouble_and_no_verdict() -> None:
    with pytest.raises(AgentError, match="what no agent of ours writes"):
        read(record({"finished": 1}))


def test_a_record_that_the_host_has_no_use_for_is_left_out() -> None:
    transcript = read(record({"description": {}}) + record({"finished": "n"}))

    assert transcript.finished
    assert len(transcript.records) == 1
