from __future__ import annotations

import pickle
from typing import Any

import cloudpickle
import numpy as np
import pytest

from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.serializers.out_of_band import (
    LEAST_BYTES,
    Stream,
    dump_outside,
    readable,
    size_of,
    whole,
)

BIG = np.arange(LEAST_BYTES // 8 + 1, dtype=np.int64)
FROZEN = BIG.copy()
FROZEN.setflags(write=False)


def dump(value: object, protocol: int) -> bytes:
    return dump_outside(pickle.dump, value, {}, protocol)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": [1, "b"]}, id="small"),
        pytest.param(["x" * LEAST_BYTES, b"y" * LEAST_BYTES, 1], id="text"),
        pytest.param([bytearray(LEAST_BYTES), [1.5] * 300_000], id="bytearray"),
    ],
)
def test_without_buffers_the_whole_is_a_plain_dump(value: object, protocol: int) -> None:
    assert whole(dump(value, protocol)) == pickle.dumps(value, protocol)
    assert size_of(dump(value, protocol)) == len(pickle.dumps(value, protocol))


def test_small_payloads_are_plain_bytes() -> None:
    assert type(dump({"a": np.arange(10)}, 5)) is bytes


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": BIG, "again": BIG, "small": np.arange(9)}, id="shared"),
        pytest.param([FROZEN, BIG, "after", FROZEN[::-1], BIG[::2]], id="read-only-and-strided"),
        pytest.param(BIG.reshape(1, -1).T, id="fortran"),
    ],
)
def test_what_stays_outside_loads_from_the_whole(value: object, protocol: int) -> None:
    data = dump(value, protocol)

    assert isinstance(data, Stream)
    assert len(data) < LEAST_BYTES
    back = pickle.loads(whole(data))
    assert pickle.dumps(back, 5) == pickle.dumps(pickle.loads(pickle.dumps(value, protocol)), 5)
    assert size_of(data) == pytest.approx(len(pickle.dumps(value, protocol)), abs=200)


def test_buffers_are_the_memory_of_the_object() -> None:
    data = dump({"a": BIG}, 5)

    assert isinstance(data, Stream)
    assert np.shares_memory(np.asarray(data.buffers[0]), BIG)
    back: Any = pickle.loads(readable(data), buffers=data.buffers)
    assert np.shares_memory(back["a"], BIG)


def test_a_frozen_array_stays_frozen() -> None:
    assert not pickle.loads(whole(dump(FROZEN, 5))).flags.writeable
    assert pickle.loads(whole(dump(BIG, 5))).flags.writeable


def test_paths_and_sizes_are_those_of_the_whole() -> None:
    data = dump({"a": BIG, "b": 1}, 5)

    sizes = {size.path: size.bytes for size in inspect_payload(whole(data)).sizes}

    assert sizes["obj"] > LEAST_BYTES
    assert any(path.startswith("obj['a']") for path in sizes)


def test_a_callback_of_the_users_own_wins() -> None:
    kept: list[object] = []

    data = dump_outside(pickle.dump, BIG, {"buffer_callback": kept.append}, 5)

    assert len(kept) == 1
    assert type(data) is bytes


def test_code_by_value_beside_a_big_array_is_readable() -> None:
    data = dump_outside(cloudpickle.dump, [BIG, lambda: int(BIG.sum())], {}, 4)

    assert isinstance(data, Stream)
    assert pickle.loads(whole(data))[1]() == BIG.sum()
