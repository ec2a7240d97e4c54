from __future__ import annotations

import pickle

import pytest

from pytest_portable.payload.pickle_rows import split
from pytest_portable.serializers.serializer import whole

ONE, TWO = pickle.dumps({"a": 1}), pickle.dumps([2], protocol=0)


@pytest.mark.parametrize(
    ("data", "records"),
    [
        pytest.param(ONE, [ONE], id="one"),
        pytest.param(ONE + TWO + ONE, [ONE, TWO, ONE], id="three"),
        pytest.param(ONE + b"\x00\x00", [ONE + b"\x00\x00"], id="padding"),
        pytest.param(ONE + TWO + b"\x00", [ONE + TWO + b"\x00"], id="padding after two"),
        pytest.param(ONE + ONE[:-4], [ONE, ONE[:-4]], id="cut while it was written"),
        pytest.param(b"", [b""], id="empty"),
    ],
)
def test_records(data: bytes, records: list[bytes]) -> None:
    assert split(data, whole) == records


def test_a_file_in_an_envelope_is_one_payload() -> None:
    assert split(ONE + TWO, lambda data: [data[2:]]) == [ONE + TWO]
