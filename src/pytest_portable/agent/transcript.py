"""What one check left: the steps, the data records, the exit status, the streams."""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from pytest_portable.agent.expected import Expected
from pytest_portable.agent.in_target.messages import HEAD_BYTES, number_at
from pytest_portable.agent.plain_files import open_plain
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
from pytest_portable.agent.typed_json import MalformedRecord, read_as
from pytest_portable.agent.wire import MAX_HEADER_BYTES, MalformedAnswer, most_bytes, read_message
from pytest_portable.errors import AgentError

__all__ = ["Transcript", "read_transcript"]

Kind = TypeVar("Kind", bound=Record)

MAX_RECORDS: Final = 100_000
_EVIDENCE: Final = 3  # records, stdout, stderr
# Names that `in_target/child.py` gives.
_LEFT: Final = re.compile(r"records-[\w-]{1,80}", re.ASCII)


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


@dataclass(frozen=True)
class _Answer:
    """The header of an agent's answer; see `agent/in_target/messages.py`."""

    status: int
    timed_out: bool
    seconds: float
    stdout_bytes: int
    stderr_bytes: int
    files: tuple[str, ...]
    records: str | None


def read_transcript(
    answer: Mapping[str, Any],
    evidence: Sequence[bytes],
    nonce: str,
    *,
    expected: Expected | None = None,
    folder: Path | None = None,
) -> Transcript:
    """Read the answer of an agent.

    Args:
        answer: its header; see `agent/in_target/messages.py`.
        evidence: records, stdout and stderr.
        nonce: of the request: only a child that did all of it says so.
        expected: what the request may lead to; `None` for anything.
        folder: the agent's, which holds the files that an answer may name; `None` where no files
            are shared.

    Raises:
        AgentError: the first record of all is malformed, and nothing of the user's was sent.
        MalformedAnswer: no agent of ours sends such an answer.
    """
    try:
        said = read_as(_Answer, answer)
    except MalformedRecord as error:
        raise MalformedAnswer(str(error)) from None
    if len(evidence) != _EVIDENCE or not 0 <= said.seconds < math.inf:
        raise MalformedAnswer(f"{len(evidence)} parts, {said.seconds} s")
    records, malformed = _read_records(said.records, evidence[0], expected, folder)
    if malformed and not records and not (expected is not None and expected.is_sent_something):
        raise AgentError(f"the target wrote what no agent of ours writes: {malformed}")
    last = records[-1] if records else None
    return Transcript(
        records=tuple(records),
        finished=not malformed and isinstance(last, Finished) and last.nonce == nonce,
        status=said.status,
        timed_out=said.timed_out,
        seconds=said.seconds,
        stdout=evidence[1].decode("utf-8", "replace"),
        stderr=evidence[2].decode("utf-8", "replace"),
        stdout_bytes=said.stdout_bytes,
        stderr_bytes=said.stderr_bytes,
        files=said.files,
        malformed=malformed,
    )


def _read_records(
    name: str | None, data: bytes, expected: Expected | None, folder: Path | None
) -> tuple[list[Record], str]:
    """Return the records, and what is wrong with the one behind them, if anything is."""
    records: list[Record] = []
    try:
        if name is None:
            stream = io.BytesIO(data)
            _collect(records, stream.read, len(data), expected, folder)
        else:
            with taken(folder, name) as (number, size):
                _collect(records, partial(_read_from, number), size, expected, folder)
    except (MalformedRecord, MalformedAnswer, OSError, MemoryError) as error:
        return records, str(error) or type(error).__name__
    return records, ""


def _collect(
    records: list[Record],
    read: Callable[[int], bytes],
    left: int,
    expected: Expected | None,
    folder: Path | None,
) -> None:
    """Cut the child's stream into records; a torn last one (a crash) is left out.

    Raises:
        MalformedRecord: no child of ours writes such a record.
    """
    while left >= HEAD_BYTES:
        head = read(HEAD_BYTES)
        header, body = number_at(head, 0), number_at(head, 1)
        left -= HEAD_BYTES + header + body
        if left < 0:
            return
        if header > MAX_HEADER_BYTES or len(records) >= MAX_RECORDS:
            raise MalformedRecord(f"{len(records):,} records, and one of {header:,} bytes")
        told, blobs = read_message(read(header), read(body))
        buffers = _read_buffers(told["beside"], folder) if told.get("beside") else ()
        record = read_record(told, blobs[0] if blobs else None, buffers)
        if record is not None:
            if expected is not None:
                expected.see(record)
            records.append(record)


def _read_from(number: int, size: int) -> bytes:
    """Read so many bytes of a file; it may be shorter than it was."""
    parts = []
    while size and (part := os.read(number, min(size, 1 << 30))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts) if len(parts) != 1 else parts[0]


@contextmanager
def taken(folder: Path | None, name: object) -> Iterator[tuple[int, int]]:
    """Open a file that a child left in our own folder, and remove it.

    Yields:
        Its descriptor, and its size.

    Raises:
        MalformedRecord: it is no plain file in that folder, or longer than an answer can be.
        OSError: it cannot be opened.
    """
    if folder is None:
        raise MalformedRecord("a file, where no files are shared")
    if not isinstance(name, str) or not _LEFT.fullmatch(name):
        raise MalformedRecord(f"{name!r:.80} is no file that a child leaves")
    path = folder / name
    with open_plain(path) as number:
        size = os.fstat(number).st_size
        if size > most_bytes():
            raise MalformedRecord(f"{name} has {size:,} bytes, the limit is {most_bytes():,}")
        path.unlink()
        yield number, size


@dataclass(frozen=True)
class _Beside:
    """Where buffers lie that protocol 5 keeps beside the stream: offset and size of each."""

    file: str
    places: tuple[tuple[int, int], ...]


def _read_buffers(beside: object, folder: Path | None) -> tuple[bytearray, ...]:
    """Read what lay beside an answer, and remove it."""
    said = read_as(_Beside, beside)
    buffers = []
    with taken(folder, said.file) as (number, there):
        if sum(size for _, size in said.places) > there or any(
            offset < 0 or size < 0 or offset + size > there for offset, size in said.places
        ):
            raise MalformedRecord(f"{said.places!r:.80} are not in {there:,} bytes")
        for offset, size in said.places:
            buffer = bytearray(size)
            os.lseek(number, offset, os.SEEK_SET)
            view = memoryview(buffer)
            while view and (count := os.readv(number, [view])):
                view = view[count:]
            buffers.append(buffer)
    return tuple(buffers)
