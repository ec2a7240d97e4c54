"""What one check left: the steps, the data records, the exit status, the streams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_portable.agent.in_target import serve as protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Message", "Transcript", "read_transcript"]


@dataclass(frozen=True)
class Message:
    """One record of the child: its header, its blob, and what lay beside that."""

    header: Mapping[str, Any]
    blob: bytes | None = None
    buffers: tuple[bytearray, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """What one check left behind.

    Attributes:
        records: in the order they were written.
        finished: whether the last record carried this request's nonce.
        status: exit code, or minus the signal.
        seconds: wall-clock time there.
    """

    records: tuple[Message, ...]
    finished: bool
    status: int
    timed_out: bool
    seconds: float
    stdout: str = ""
    stderr: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    files: tuple[str, ...] = ()

    def is_clean(self) -> bool:
        """Return whether everything was done and nothing raised."""
        raised = ("failed", "raised")
        return self.finished and not any(k in r.header for r in self.records for k in raised)

    def last_step(self) -> str:
        """Return the last step that was begun."""
        steps = [r.header["step"] for r in self.records if "step" in r.header]
        return str(steps[-1]) if steps else "starting"

    def find(self, key: str, name: str | None = None) -> Message | None:
        """Return the first record that carries `key`, of what is called `name` if that is given."""
        for record in self.records:
            named = record.header.get("name", record.header.get(key))
            if key in record.header and name in (None, named):
                return record
        return None


def read_transcript(answer: Mapping[str, Any], evidence: Sequence[bytes], nonce: str) -> Transcript:
    """Read the answer of an agent.

    Args:
        answer: its header; see `agent/in_target/serve.py`.
        evidence: records, stdout and stderr.
        nonce: of the request: only a child that did all of it says so.
    """
    data = evidence[0]
    if answer["records"] is not None:
        path = Path(answer["records"])
        data = path.read_bytes()
        path.unlink()
    records = _parse_records(data)
    return Transcript(
        records=tuple(records),
        finished=bool(records) and records[-1].header.get("finished") == nonce,
        status=answer["status"],
        timed_out=answer["timed_out"],
        seconds=answer["seconds"],
        stdout=evidence[1].decode("utf-8", "replace"),
        stderr=evidence[2].decode("utf-8", "replace"),
        stdout_bytes=answer["stdout_bytes"],
        stderr_bytes=answer["stderr_bytes"],
        files=tuple(answer["files"]),
    )


def _read_buffers(beside: Mapping[str, Any]) -> tuple[bytearray, ...]:
    """Read what lay beside an answer, and remove it."""
    path = Path(beside["file"])
    buffers = []
    with path.open("rb", buffering=0) as stream:
        for offset, size in beside["places"]:
            buffer = bytearray(size)
            stream.seek(offset)
            view = memoryview(buffer)
            while view and (count := stream.readinto(view)):
                view = view[count:]
            buffers.append(buffer)
    path.unlink()
    return tuple(buffers)


def _parse_records(data: bytes) -> list[Message]:
    """Cut the child's stream into records; a torn last one (a crash) is left out."""
    records: list[Message] = []
    view = memoryview(data)  # slices of it are no copies
    offset = 0
    while offset + protocol.HEAD_BYTES <= len(data):
        end = offset + protocol.length_of(view[offset : offset + protocol.HEAD_BYTES])
        if end > len(data):
            break
        header, blobs = protocol.decode(view[offset:end])
        buffers = _read_buffers(header["beside"]) if header.get("beside") else ()
        records.append(Message(header, blobs[0] if blobs else None, buffers))
        offset = end
    return records
