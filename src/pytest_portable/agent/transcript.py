"""What one check left: the steps, the data records, the exit status, the streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pytest_portable.agent.in_target.messages import HEAD_BYTES, decode, length_of
from pytest_portable.agent.records import (
    Caught,
    Failed,
    Finished,
    Loaded,
    Raised,
    Record,
    Step,
    read_record,
)
from pytest_portable.errors import AgentError

__all__ = ["Transcript", "read_transcript"]

Kind = TypeVar("Kind", bound=Record)


@dataclass(frozen=True)
class Transcript:
    """What one check left behind.

    Attributes:
        records: in the order they were written.
        finished: whether the last record carried this request's nonce.
        status: exit code, or minus the signal.
        seconds: wall-clock time there.
        malformed: what was wrong with the first record that no agent of ours writes; those behind
            it are left out.
    """

    records: tuple[Record, ...]
    finished: bool
    status: int
    timed_out: bool
    seconds: float
    stdout: str = ""
    stderr: str = ""
    stdout_bytes: int = 0
    stderr_bytes: int = 0
    files: tuple[str, ...] = ()
    malformed: str = ""

    def is_clean(self) -> bool:
        """Return whether everything was done and nothing raised."""
        return self.finished and not any(isinstance(r, (Failed, Raised)) for r in self.records)

    def last_step(self) -> str:
        """Return the last step that was begun."""
        steps = [step.step for step in self.all(Step)]
        return steps[-1] if steps else "starting"

    def all(self, kind: type[Kind]) -> Iterator[Kind]:
        """Yield every record of one type, in order; a subclass is another type."""
        for record in self.records:
            if type(record) is kind:
                yield record

    def first(self, kind: type[Kind], name: str | None = None) -> Kind | None:
        """Return the first record of one type, of what is called `name` if that is given."""
        for record in self.all(kind):
            if name is None or getattr(record, "name", None) == name:
                return record
        return None

    def warnings(self) -> Iterator[tuple[str, Caught]]:
        """Yield every warning with the stage that raised it: `load` or `call`."""
        for record in self.records:
            is_of_load = isinstance(record, Loaded) or (
                isinstance(record, Failed) and record.step == "loading"
            )
            for warning in getattr(record, "warnings", ()):
                yield "load" if is_of_load else "call", warning


def read_transcript(answer: Mapping[str, Any], evidence: Sequence[bytes], nonce: str) -> Transcript:
    """Read the answer of an agent.

    Args:
        answer: its header; see `agent/in_target/messages.py`.
        evidence: records, stdout and stderr.
        nonce: of the request: only a child that did all of it says so.

    Raises:
        AgentError: the first record of all is malformed: nothing of the user's has run by then.
    """
    data = evidence[0]
    if answer["records"] is not None:
        path = Path(answer["records"])
        data = path.read_bytes()
        path.unlink()
    records, malformed = _parse_records(data)
    last = records[-1] if records else None
    return Transcript(
        records=tuple(records),
        finished=isinstance(last, Finished) and last.nonce == nonce,
        status=answer["status"],
        timed_out=answer["timed_out"],
        seconds=answer["seconds"],
        stdout=evidence[1].decode("utf-8", "replace"),
        stderr=evidence[2].decode("utf-8", "replace"),
        stdout_bytes=answer["stdout_bytes"],
        stderr_bytes=answer["stderr_bytes"],
        files=tuple(answer["files"]),
        malformed=malformed,
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


def _parse_records(data: bytes) -> tuple[list[Record], str]:
    """Cut the child's stream into records; a torn last one (a crash) is left out.

    Returns:
        The records, and what is wrong with the one behind them, if anything is.

    Raises:
        AgentError: the first record is malformed.
    """
    records: list[Record] = []
    view = memoryview(data)  # slices of it are no copies
    offset = 0
    while offset + HEAD_BYTES <= len(data):
        end = offset + length_of(view[offset : offset + HEAD_BYTES])
        if end > len(data):
            break
        try:
            header, blobs = decode(view[offset:end])
            buffers = _read_buffers(header["beside"]) if header.get("beside") else ()
            record = read_record(header, blobs[0] if blobs else None, buffers)
        except Exception as error:  # a stranger's bytes may break their reader in any way
            if not records:
                raise AgentError(
                    f"the target wrote what no agent of ours writes: {error}"
                ) from error
            return records, str(error) or type(error).__name__
        if record is not None:
            records.append(record)
        offset = end
    return records, ""
