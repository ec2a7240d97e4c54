from __future__ import annotations

import pickle

import pytest

from pytest_portable.errors import PayloadError
from pytest_portable.payload import opcodes
from unit.payload.old_payloads import OLD_PAYLOADS, old_payload

THINGS = [1, -1, 1 << 40, 1 << 3000, 1.5, "t", "t" * 300, b"b", b"b" * 300, bytearray(b"x"), None]
PAYLOADS = [pickle.dumps([THINGS, {"a": THINGS}, Exception], n) for n in range(6)]
PAYLOADS += [old_payload(*key) for key in OLD_PAYLOADS]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_opcodes_end_where_pickletools_says(payload: bytes) -> None:
    import pickletools

    starts = [position or 0 for _, _, position in pickletools.genops(payload)]

    ends = [opcodes.opcode_end(payload, start) for start in starts]

    assert ends == [*starts[1:], len(payload)]


def test_every_opcode_that_pickletools_knows_is_laid_out() -> None:
    import pickletools

    for opcode in pickletools.opcodes:
        code = ord(opcode.code)
        argument = opcode.arg
        if argument is None:
            assert opcodes.opcode_end(bytes((code,)), 0) == 1
        elif argument.n > 0:
            assert opcodes.opcode_end(bytes((code,)) + b"\0" * 9, 0) == 1 + argument.n


@pytest.mark.parametrize("data", [b"cno\nend", b"I5", b"T\xff\xff\xff\xff"])
def test_an_argument_without_an_end_is_a_payload_error(data: bytes) -> None:
    with pytest.raises(PayloadError):
        opcodes.opcode_end(data, 0)
