from __future__ import annotations

import json
import os
import threading

import pytest

from pytest_portable.agent.in_target import messages
from pytest_portable.agent.in_target.limits import CHUNK_BYTES


@pytest.mark.parametrize("compiled", [True, False], ids=["c", "python"])
def test_json_is_what_the_library_writes(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"a": [1, 2.5, None, True], "é": {"x": 'quote " \n \ud800'}, "empty": {}}
    if not compiled:
        monkeypatch.setattr(messages, "encode_json", None)

    assert messages.to_json(value) == json.dumps(value)


def test_what_is_no_json_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        messages.to_json({"a": object()})


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 1])
def test_a_message_arrives_whole_however_it_is_cut(size: int) -> None:
    blobs = (b"first", b"x" * size)
    read_end, write_end = os.pipe()
    pieces = messages.encode({"a": 1}, blobs, ticket=7, limit_ms=9)
    whole = b"".join(pieces)
    cut = [whole[:5], whole[5:40], whole[40:]]
    writer = threading.Thread(target=messages.write_all, args=(write_end, cut))
    writer.start()

    message = messages.receive(read_end)

    writer.join()
    os.close(read_end)
    os.close(write_end)
    assert message == whole
    assert (messages.number_at(message, 2), messages.number_at(message, 3)) == (7, 9)
    assert messages.decode(message) == ({"a": 1, "blobs": [5, size]}, list(blobs))


def test_a_message_that_ends_early_is_an_end_of_file() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, messages.encode({"a": 1})[0][:-1])
    os.close(write_end)

    with pytest.raises(EOFError):
        messages.receive(read_end)
    os.close(read_end)
