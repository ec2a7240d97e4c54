"""What host and target send each other, and how it is framed.

A message is a head of four numbers, 8 bytes each, big-endian (length of the header, length of the
body, ticket, time limit in milliseconds), a JSON header, then the body: the blobs whose lengths are
in `header["blobs"]`. An answer has the ticket of its request. Each side waits for the other, so
messages never queue up.

Greeting, the first message to the agent:
- `schema`: number of this format;
- `scratch`: the agent's own directory, which it removes at its end; null where no files are shared;
- `preload`, `try_preload`: modules to import before any fork; the latter may be absent;
- `there`: source of functions that loaders and dumpers name as `there:function`.

Hello, its answer: `schema`, `python`, `version_info`, `implementation`, `platform`, `executable`,
`pid`, `fork`, `absent` (what could not be preloaded). Or, and then the agent ends: `refused` (a
module of `preload` that cannot be imported) and `exception`.

Request:
- `nonce`, which the last record repeats;
- `kind`: "check"; "call"; "pass" (load and dump again); "make" (the first probe makes an object);
  "forward" (return the bytes, or what `reader` makes of them); "task" (the one payload is a message
  for `runner`); "blame", "again", "parts" and "census" (see below). `reader` and `runner` are a
  name and keyword arguments;
- `payloads`: of each `name`, `loaders`, `file` (null: the bytes are in the blobs), `stream_loaders`
  (which read a file) and `beside` (null, or the buffers that protocol 5 keeps out of the stream:
  `file`, and `places`, pairs of offset and size);
- `dumpers`: `[module:attribute, keyword arguments]` of each; `protocol`; `outside` (whether buffers
  of an answer may be beside the stream); `round_trip`;
- `portrait`: null, or how the object is drawn: `source` (of portrait.py), `wanted` (attributes to
  ask for, by qualified name of a class), `seconds` (of each drawing), `probes` (whether what probes
  return is drawn too, and not dumped);
- `probes`: of each `label`, `mode`, `source`, `name`; `warnings`; `seed` (null, or a number);
  `seeded` (modules beside `random` to seed);
- `ship`: null, or import packages to find before all others: `names`, `files` (pairs of path and
  length), `main` (the script, by its file on the host, that is the main module there; or empty);
  their contents are the last blob, or in `file`.

Answer: `status` (exit code, or minus the signal), `timed_out`, `seconds`, `stdout_bytes`,
`stderr_bytes` (before cutting), `files` (left in the working directory), `records` (null, or the
name of the file in the scratch folder that holds them, for the host to remove). Blobs: the child's
records (messages as above; empty where there is a file), stdout, stderr.

Records of the child: `{"step": ...}` before each step: `loading`, `describing`, `dumping`,
`probing`, `calling`, `returning`, `forwarding`. Data records have one of `loaded`, `description`,
`surroundings`, `shadowed`, `returned`, `value`, `portrait`, `raised`, `alone`, `forwarded`,
`events` (what an opaque hop did beside forwarding), `failed`. The last one is
`{"finished": nonce}`. `name` says what returned or raised: a call (`obj()`) or a probe (its label).
`raised` has the exception as the first of a list with all that it was raised from; `links` are the
positions of their causes and contexts; `facts` describes its arguments and attributes. `alone` is
the exception without the others.

Four kinds of requests explain a failure, or look closer:
- "blame" loads the payload that `blame` names with an unpickler that notes every step before it is
  taken. `globals` is a list of `[module, name, place]`: what to take from another module, or from
  the namespace of `module:attribute`. The last step is in the blob of the record `noted`, memory
  that outlives the process: length of the text, offset of the opcode, text (opcode and words,
  separated by zeros). Record: `asked`.
- "again" runs the first of `probes` once more and watches what it asks for (record `looked`), and
  describes `parts`, expressions over the payloads (record `parts`).
- "parts" loads and describes `parts`.
- "census" imports `references`, a list of `[module, [name, ...]]`, and looks for `modules` without
  importing them. Records: `counted`, `located`, `stdlib` (with `owners` of modules).
"""

from __future__ import annotations

import json
import os

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.limits import CHUNK_BYTES, SPILL_BYTES

SCHEMA = 1
HEAD_BYTES = 32
ALIGNED_BYTES = 64


# What runs for every check stays in C where it can: after a fork each page of memory that Python
# touches costs 2 microseconds, and a call through a module of the library touches dozens.
scan_json = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def to_json(value: object) -> str:
    """Return `json.dumps(value)`."""
    return "".join(encode_json(value, 0)) if encode_json else json.dumps(value)


def json_encoder() -> Any:
    """Return the C encoder, which `json.dumps` would make for every call; PyPy has none."""
    make = getattr(json.encoder, "c_make_encoder", None)
    text = json.encoder.encode_basestring_ascii
    return make and make(None, None, text, None, ": ", ", ", False, False, True)


encode_json = json_encoder()


def encode(
    header: dict[str, object],
    blobs: tuple[bytes, ...] = (),
    ticket: int = 0,
    limit_ms: int = 0,
) -> list[bytes]:
    """Return the pieces of one message."""
    sizes = [len(blob) for blob in blobs]
    text = to_json({**header, "blobs": sizes}).encode("ascii")
    body = sum(sizes)
    head = b"".join([n.to_bytes(8, "big") for n in (len(text), body, ticket, limit_ms)])
    if body < CHUNK_BYTES:
        return [b"".join((head, text, *blobs))]
    return [head + text, *blobs]


def number_at(message: bytes | memoryview, position: int) -> int:
    """Return one of the four numbers in a message's head."""
    return int.from_bytes(message[8 * position : 8 * position + 8], "big")


def length_of(head: bytes | memoryview) -> int:
    """Return the length of a whole message."""
    return HEAD_BYTES + number_at(head, 0) + number_at(head, 1)


def decode(message: bytes | memoryview) -> tuple[dict[str, Any], list[bytes]]:
    """Return header and blobs of a whole message."""
    offset = HEAD_BYTES + number_at(message, 0)
    header = scan_json(str(message[HEAD_BYTES:offset], "ascii"), 0)[0]
    blobs = []
    for size in header["blobs"]:
        blobs.append(bytes(message[offset : offset + size]))
        offset += size
    return header, blobs


def write_all(descriptor: int, pieces: list[bytes] | list[memoryview]) -> None:
    """Write every piece, also where the kernel takes only a part at once."""
    for piece in pieces:
        written = os.write(descriptor, piece)
        if written < len(piece):
            view = memoryview(piece)[written:]
            while view:
                view = view[os.write(descriptor, view) :]


def receive(descriptor: int) -> bytes:
    """Read one whole message; `EOFError` when the other side is gone."""
    message = read_some(descriptor)
    while len(message) < HEAD_BYTES:
        message += read_some(descriptor)
    missing = length_of(message) - len(message)
    if not missing:
        return message
    parts = [message]
    while missing:
        parts.append(read_some(descriptor))
        missing -= len(parts[-1])
    return b"".join(parts)


def read_some(descriptor: int) -> bytes:
    """Read at least one byte; `EOFError` at the end."""
    part = os.read(descriptor, CHUNK_BYTES)
    if not part:
        raise EOFError
    return part


def is_inside(buffers: list[memoryview], buffer: Any) -> bool:
    """Keep a big buffer out of the stream, as `buffer_callback` of pickle's protocol 5."""
    with memoryview(buffer) as view:
        if view.nbytes < SPILL_BYTES or not (view.c_contiguous or view.f_contiguous):
            return True
    buffers.append(buffer.raw())
    return False


def write_buffers(path: str, buffers: list[memoryview]) -> dict[str, object]:
    """Write buffers to a new file, each at an offset that suits every type of number."""
    places, offset = [], 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for buffer in buffers:
            os.lseek(file, offset, os.SEEK_SET)
            write_all(file, [buffer])
            places.append([offset, buffer.nbytes])
            offset += -(-buffer.nbytes // ALIGNED_BYTES) * ALIGNED_BYTES
    finally:
        os.close(file)
    return {"file": path, "places": places}


def map_buffers(beside: dict[str, Any]) -> list[memoryview]:
    """Return the buffers of a file, mapped: read when they are used, and private."""
    import mmap

    with open(beside["file"], "rb") as stream:
        view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY))
    return [view[offset : offset + size] for offset, size in beside["places"]]
