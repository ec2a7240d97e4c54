from __future__ import annotations

import pickle

import cloudpickle
import numpy as np
import pytest

from pytest_portable.errors import PayloadError
from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import blame, disassemble, inspect_payload
from pytest_portable.payload.paths import Paths
from pytest_portable.payload.sizes import measure
from unit.payload.truth import Model, define


def sizes(thing: object) -> dict[str, int]:
    return {size.path: size.bytes for size in inspect_payload(cloudpickle.dumps(thing)).sizes}


def test_the_biggest_paths_come_first_and_the_whole_before_them() -> None:
    payload = pickle.dumps({"small": 1, "big": [b"x" * 5000], "middle": "y" * 900})

    found = inspect_payload(payload).sizes

    assert (found[0].path, found[0].bytes) == ("obj", len(payload))
    assert [size.path for size in found[1:4]] == ["obj['big']", "obj['big'][0]", "obj['middle']"]
    assert [size.bytes for size in found] == sorted((s.bytes for s in found), reverse=True)
    assert found[2].bytes == pytest.approx(5000, abs=20)


def test_a_huge_global_of_a_function_is_named() -> None:
    function = define("TABLE = bytes(100_000)\ndef f(i):\n    return TABLE[i]\n", "f")

    found = sizes(function)

    assert found["obj.__globals__['TABLE']"] == pytest.approx(100_000, abs=50)


def test_an_array_counts_with_its_data() -> None:
    assert sizes({"a": np.zeros(2000)})["obj['a']"] == pytest.approx(16_000, abs=300)


def test_a_shared_object_counts_once() -> None:
    shared = "z" * 3000

    found = sizes([shared, [shared]])

    assert found["obj[0]"] >= 3000
    assert found.get("obj[1]", 0) < 100


def test_many_small_things_count_for_their_container() -> None:
    found = sizes({"many": [Model(i) for i in range(500)], "one": Model(1)})

    assert found["obj['many']"] > 10 * found.get("obj['one']", 1)


def test_sizes_of_nothing_are_nothing() -> None:
    assert measure(Paths(read(b"", partial=True))) == ()


def test_payloads_inside_payloads_are_opened_in_place() -> None:
    inner = pickle.dumps({"deep": Model(1)})
    payload = pickle.dumps({"job": [b"no pickle", inner, b"\x80\x04." * 3, inner + b"tail"]})

    ((path, found),) = inspect_payload(payload).nested

    assert path == "obj['job'][1]"
    assert found.payload_bytes == len(inner)
    assert found.references[0].paths == ("pickle.loads(obj['job'][1])['deep']",)


def test_payloads_are_opened_only_so_deep_and_so_many() -> None:
    payload = pickle.dumps([1])
    for _ in range(50):
        payload = pickle.dumps([payload])
    crowd = pickle.dumps([pickle.dumps([number]) for number in range(200)])

    found = inspect_payload(payload)
    depth = 0
    while found.nested:
        found = found.nested[0][1]
        depth += 1
    assert depth == 4
    assert len(inspect_payload(crowd).nested) == 20


def test_opcodes_are_listed_with_paths() -> None:
    payload = pickle.dumps({"m": [Model(1)]}, 4)

    steps = list(disassemble(payload))

    (step,) = [step for step in steps if step.opcode == "STACK_GLOBAL"]
    assert step.path == "obj['m'][0]"
    assert (steps[0].opcode, steps[0].path) == ("PROTO", "obj")
    assert steps[-1].opcode == "STOP"


def test_opcodes_before_the_damage_are_listed() -> None:
    steps = disassemble(pickle.dumps([1, "x" * 50])[:-20])
    seen = [next(steps).opcode for _ in range(4)]

    with pytest.raises(PayloadError):
        list(steps)

    assert "EMPTY_LIST" in seen


@pytest.mark.parametrize(
    ("thing", "bound"),
    [
        pytest.param(b"cpathlib\nPosixPath\n(S'/x'\ntR.", ("system", "POSIX"), id="posix"),
        pytest.param(b"cpathlib\nWindowsPath\n(S'x'\ntR.", ("system", "Windows"), id="windows"),
        pytest.param(
            b"ctorch._utils\n_rebuild_tensor_v2\n(S'cuda:0'\ntR.", ("device", "cuda:0"), id="device"
        ),
        pytest.param(b"(S'cuda:0'\nt.", ("device", None), id="only-a-word"),
    ],
)
def test_what_a_payload_is_bound_to(thing: bytes, bound: tuple[str, str | None]) -> None:
    assert inspect_payload(thing).bound_to[bound[0]] == bound[1]


def test_an_offset_is_blamed_on_what_it_builds() -> None:
    payload = pickle.dumps({"first": Model(1), "second": [Model({"deep": 2})]}, 4)
    paths = Paths(read(payload))

    builds = [offset for offset, code in enumerate(payload) if code == ord("b")]
    assert paths.path_at(builds[-1]) == "obj['second'][0]"
    place = payload.index(b"deep")
    assert paths.path_at(place).startswith("obj['second'][0].weights")
    assert paths.path_at(len(payload) + 50).startswith("obj")
    assert blame(payload, builds[-1], root="args[0]") == "args[0]['second'][0]"
