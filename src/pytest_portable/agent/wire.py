"""The pipes to an agent: nothing waits without an end, and nothing is read without a limit.

Code of the user's runs beside the agent and may write to its pipes, stop it or end it.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from typing import Any, Final

from pytest_portable.agent.in_target.limits import CHUNK_BYTES
from pytest_portable.agent.in_target.messages import HEAD_BYTES, number_at, scan_json

__all__ = ["MalformedAnswer", "Wire", "most_bytes", "read_message"]

MAX_HEADER_BYTES: Final = 1 << 26
LEAST_LIMIT: Final = 1 << 30


class MalformedAnswer(Exception):  # noqa: N818 - it says what it is about
    """What no agent of ours sends."""


def most_bytes() -> int:
    """Return how long an answer may be: half of the machine's memory, and 1 GiB anyway."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(LEAST_LIMIT, memory // 2)


class Wire:
    """Both pipes of one agent.

    Args:
        requests: descriptor to write to; it does not block any more.
        answers: descriptor to read from.
    """

    def __init__(self, requests: int, answers: int) -> None:
        """Keep the descriptors; whoever opened them closes them."""
        os.set_blocking(requests, False)
        self._requests, self._answers = requests, answers
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(requests, select.POLLOUT)
        self._readable.register(answers, select.POLLIN)

    def send(self, pieces: Sequence[bytes], deadline: float) -> None:
        """Write a message.

        Raises:
            TimeoutError: it was not taken in time.
            OSError: the agent is gone.
            EOFError: something lies in the other pipe that nobody asked for.
        """
        ready = self._readable.poll(0)
        if ready and ready[0][1] & select.POLLIN:
            raise EOFError("an answer that nobody asked for")
        self.write(pieces, deadline)

    def write(self, pieces: Sequence[bytes], deadline: float) -> None:
        """Write bytes that are no message; see `send`."""
        for piece in pieces:
            written = self._write_some(piece, deadline)
            if written < len(piece):
                view = memoryview(piece)[written:]
                while view:
                    view = view[self._write_some(view, deadline) :]

    def _write_some(self, data: bytes | memoryview, deadline: float) -> int:
        try:
            return os.write(self._requests, data)
        except BlockingIOError:  # it is full
            _wait(self._writable, deadline)
            return 0

    def skip_to(self, mark: bytes, deadline: float, limit: int) -> None:
        """Read up to a mark, behind what a login shell may have printed.

        Raises:
            TimeoutError: it did not come in time.
            EOFError: the other side is gone, or printed more than the limit.
        """
        said = b""
        while not said.endswith(mark):
            if len(said) > limit:
                raise EOFError(f"it printed more than {limit:,} bytes")
            said += self._some(1, deadline)

    def receive(self, deadline: float) -> bytes:
        """Read one message.

        Raises:
            TimeoutError: its last byte did not come in time.
            EOFError: the agent is gone.
            MalformedAnswer: it says that it is longer than an answer can be.
        """
        answer = self._some(CHUNK_BYTES, deadline)
        while len(answer) < HEAD_BYTES:
            answer += self._some(CHUNK_BYTES, deadline)
        header, body = number_at(answer, 0), number_at(answer, 1)
        missing = HEAD_BYTES + header + body - len(answer)
        if not missing:
            return answer
        if header > MAX_HEADER_BYTES or (body > LEAST_LIMIT and body > most_bytes()):
            raise MalformedAnswer(f"an answer of {header:,} and {body:,} bytes")
        parts = [answer]
        while missing > 0:
            parts.append(self._some(CHUNK_BYTES, deadline))
            missing -= len(parts[-1])
        if missing:
            raise MalformedAnswer(f"{-missing:,} bytes behind the answer")
        return b"".join(parts)

    def _some(self, size: int, deadline: float) -> bytes:
        _wait(self._readable, deadline)
        part = os.read(self._answers, size)
        if not part:
            raise EOFError
        return part


def _wait(poll: select.poll, deadline: float) -> None:
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError("no answer in time")


def read_message(text: bytes, body: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return header and blobs of a message that a stranger wrote.

    Args:
        text: its header.
        body: its blobs, one behind the other.

    Raises:
        MalformedAnswer: it is none.
    """
    try:
        header: object = scan_json(str(text, "ascii"), 0)[0]
    except (ValueError, StopIteration, RecursionError) as error:
        raise MalformedAnswer(f"its header is no JSON: {type(error).__name__}") from None
    sizes = header.get("blobs") if isinstance(header, dict) else None
    if not isinstance(header, dict) or not isinstance(sizes, list):
        raise MalformedAnswer(f"{header!r:.80} is no header")
    if not sizes and not body:
        return header, []
    if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) != len(body):
        raise MalformedAnswer(f"its parts have {sizes!r:.80} bytes, and not {len(body):,}")
    if len(sizes) == 1:
        return header, [body]
    blobs, offset = [], 0
    for size in sizes:
        blobs.append(body[offset : offset + size])
        offset += size
    return header, blobs
