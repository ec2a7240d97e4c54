from __future__ import annotations

import builtins
import collections
import copyreg
import io
import pickle
import random
import time
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable.errors import PayloadError
from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.payload.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable


class Extended:
    pass


def sample_payloads() -> list[bytes]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("class C:\n    def m(self):\n        import json\n        return json", namespace)
    things: list[object] = [
        {"a": [1, (2.5, "x"), b"y", None, True], 2: {3}, "c": collections.OrderedDict(a=1)},
        [Extended(), Extended],
    ]
    payloads = [pickle.dumps(thing, protocol) for thing in things for protocol in range(6)]
    payloads += [cloudpickle.dumps(namespace["C"]()), dill.dumps(namespace["C"]())]
    return [*payloads, cloudpickle.dumps(lambda x, y=1: x + y, protocol=2)]


PAYLOADS = sample_payloads()


def test_inspecting_deeply_nested_payloads_takes_linear_time() -> None:
    payload = b"\x80\x04" + b"]" * 100_000 + b"cos\nsystem\n" + b"a" * 100_000 + b"."

    inspection = inspect_payload(payload)

    assert inspection.damaged is None
    assert inspection.references[0].module == "os"


def test_reading_imports_and_executes_nothing() -> None:
    payloads = [*PAYLOADS, b"cno_such_module\nattack\n(S'rm'\ntR.", b"cos\nsystem\n(S'false'\ntR."]

    def refuse(name: str, *_: Any, **__: Any) -> Any:
        raise AssertionError(f"imported {name}")

    real_import = builtins.__import__
    builtins.__import__ = refuse
    try:
        found = [inspect_payload(payload, distributions={}) for payload in payloads]
    finally:
        builtins.__import__ = real_import

    assert all(inspection.references for inspection in found[-2:])


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_every_truncation_is_a_payload_error_with_an_offset(payload: bytes) -> None:
    for length in range(len(payload)):
        with pytest.raises(PayloadError) as caught:
            read(payload[:length])

        assert 0 <= caught.value.offset <= length
        partial = read(payload[:length], partial=True)
        assert partial.damaged == caught.value.offset
        assert all(partial.span(node)[1] <= length for node in range(len(partial)))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_every_opcode_that_makes_something_is_a_node_at_its_offset(payload: bytes) -> None:
    import pickletools

    graph = read(payload)

    offsets = set(graph.offsets) | set(graph.touches)
    kinds = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "MARK", "STOP", "POP"}
    kinds |= {"BINGET", "LONG_BINGET", "GET", "POP_MARK"}
    expected = {
        position: opcode.name
        for opcode, _, position in pickletools.genops(payload)
        if opcode.name not in kinds
    }
    assert set(expected) == offsets
    assert graph.end == len(payload)


def test_reading_stops_at_the_end_of_the_first_pickle() -> None:
    first, second = pickle.dumps([1]), pickle.dumps({"a": 2})

    graph = read(first + second)

    following = read((first + second)[graph.end :])
    assert graph.end == len(first)
    assert following.kind(following.root) == "dict"


def test_segments_leave_out_what_is_no_opcode() -> None:
    payload = pickle.dumps([1, "text", {"a": collections.Counter}], 2)
    cut = payload.index(b"X\x04") + 9
    raw = b"\xff\x00 raw array bytes."

    graph = read(
        payload[:cut] + raw + payload[cut:],
        segments=[(0, cut), (cut + len(raw), len(payload) + len(raw))],
    )

    paths = Paths(graph)
    offset = (payload[:cut] + raw + payload[cut:]).index(b"ccollections")
    assert graph.end == len(payload) + len(raw)
    assert paths.path_at(offset) == "obj[2]['a']"
    assert graph.span(graph.node_at(offset))[0] == offset


def test_persistent_ids_buffers_and_extensions_are_nodes() -> None:
    class Persistent(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return ("where", 3) if isinstance(obj, complex) else None

    file = io.BytesIO()
    Persistent(file, 4).dump([1j, "x"])
    graph = read(file.getvalue())
    buffers: list[pickle.PickleBuffer] = []
    outside = read(
        pickle.dumps([pickle.PickleBuffer(bytearray(b"x"))], 5, buffer_callback=buffers.append)
    )
    copyreg.add_extension(Extended.__module__, "Extended", 0x7F123456)
    try:
        extended = Paths(read(pickle.dumps(Extended, 2)))
        name = extended.view.name(extended.graph.root)
    finally:
        copyreg.remove_extension(Extended.__module__, "Extended", 0x7F123456)

    assert "persistent" in {graph.kind(node) for node in range(len(graph))}
    assert "buffer" in {outside.kind(node) for node in range(len(outside))}
    assert name == (Extended.__module__, "Extended")


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b".", id="nothing-on-the-stack"),
        pytest.param(b"\xff", id="no-opcode"),
        pytest.param(b"h\x05.", id="memo-miss"),
        pytest.param(b"gx\n.", id="memo-text"),
        pytest.param(b"R.", id="underflow"),
        pytest.param(b"]e.", id="no-mark"),
        pytest.param(b"(o.", id="instance-of-nothing"),
        pytest.param(b"\x8e" + b"\xff" * 8 + b".", id="eighteen-exabytes"),
        pytest.param(b"T\xff\xff\xff\xff.", id="negative-length"),
        pytest.param(b"cmodule", id="line-without-end"),
        pytest.param(b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.", id="frame-beyond"),
        pytest.param(b"K\x01K", id="argument-missing"),
    ],
)
def test_hostile_bytes_are_a_payload_error(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        read(payload)

    assert inspect_payload(payload).damaged is not None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"K\x01K\x02\x93.", id="global-named-by-numbers"),
        pytest.param(b"K\x01)R.", id="number-called"),
        pytest.param(b"N)R" * 20 + b".", id="popped-nothing"),
        pytest.param(b"c__main__\n__dict__\n(K\x01K\x02u.", id="items-of-a-global"),
        pytest.param(b"]q\x00h\x00a.", id="list-in-itself"),
        pytest.param(b"}q\x00h\x00b.", id="built-with-itself"),
        pytest.param(b")q\x00h\x00R.", id="tuple-called-with-itself"),
        pytest.param(b"L" + b"9" * 5000 + b"L\n.", id="endless-number"),
        pytest.param(b"S'\\x'\n.", id="bad-escape"),
        pytest.param(b"Fnope\n.", id="no-float"),
        pytest.param(b"\x8c\x02\xff\xfe.", id="no-utf8"),
        pytest.param(b"cbuiltins\ngetattr\n(h\x000", id="half-a-call"),
    ],
)
def test_senseless_programs_are_inspected_all_the_same(payload: bytes) -> None:
    inspection = inspect_payload(payload)

    assert inspection.payload_bytes == len(payload)


def mutate(payload: bytes, source: random.Random) -> bytes:
    changed = bytearray(payload)
    for _ in range(source.randint(1, 4)):
        place = source.randrange(len(changed))
        action = source.randrange(4)
        if action == 0:
            changed[place] = source.randrange(256)
        elif action == 1:
            changed.insert(place, source.choice(b"(.012NKRbhq}])e\x81\x85\x93\x94"))
        elif action == 2:
            del changed[place : place + source.randint(1, 8)]
        else:
            other = source.choice(PAYLOADS)
            changed[place:place] = other[: source.randrange(len(other))]
        changed = changed or bytearray(b".")
    return bytes(changed)


def test_mutated_payloads_never_crash_or_hang() -> None:
    source = random.Random(7)
    stop = time.monotonic() + 3

    count = 0
    while time.monotonic() < stop:
        payload = mutate(source.choice(PAYLOADS), source)
        inspection = inspect_payload(payload, python=(3, 11), distributions={})
        assert all(size.bytes >= 0 for size in inspection.sizes)
        count += 1

    assert count > 200


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    graph = read(payload, partial=True)

    assert graph.damaged is None or 0 <= graph.damaged <= len(payload)


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_is_read(make: Callable[[bytes], bytes]) -> None:
    assert read(make(PAYLOADS[4])).damaged is None
