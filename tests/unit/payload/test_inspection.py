from __future__ import annotations

import collections
import functools
import json
import pickle
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import numpy as np
import pytest

from pytest_portable.payload.inspection import Inspection, inspect_payload, may_carry_code

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = """
def f(x, table=OrderedDict()):
    import requests
    try:
        import orjson as codec
    except ImportError:
        import json as codec
    def inner():
        import tomllib
        return left_behind
    return np.sqrt(x) + inner()
"""
DUMPS = [
    pytest.param(cloudpickle.dumps, id="cloudpickle"),
    pytest.param(functools.partial(dill.dumps, recurse=True), id="dill-recurse"),
    pytest.param(dill.dumps, id="dill"),
]


def define(source: str, name: str, **names: object) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    exec(source, namespace)
    return namespace[name]


def paths_of(inspection: Inspection, module: str, qualname: str = "") -> tuple[str, ...]:
    return next(
        (
            reference.paths
            for reference in inspection.references
            if (reference.module, reference.qualname) == (module, qualname)
        ),
        (),
    )


@pytest.mark.parametrize("dumps", DUMPS)
def test_a_function_by_value_is_read_whichever_serializer_sent_it(
    dumps: Callable[[object], bytes],
) -> None:
    function = define(SOURCE, "f", np=np, OrderedDict=collections.OrderedDict)

    found = inspect_payload(dumps(function), python=(3, 11))

    assert paths_of(found, "numpy") == ("obj.__globals__['np']",)
    assert "obj.__defaults__[0]" in paths_of(found, "collections", "OrderedDict")
    assert paths_of(found, "__main__", "f")[0] == "obj"
    (code,) = found.code
    assert (code.path, code.name) == ("obj", "f")
    assert code.imports == ("requests", "tomllib")
    assert code.conditional_imports == ("json", "orjson")
    assert code.missing_globals == ("left_behind",)


def test_the_serializers_own_functions_are_marked_as_machinery() -> None:
    found = inspect_payload(cloudpickle.dumps(lambda: 1))

    machinery = {reference.qualname for reference in found.references if reference.machinery}
    assert {"_make_function", "_builtin_type", "_function_setstate"} <= machinery
    assert any(line.startswith("cloudpickle==") for line in found.requirements)
    assert all(r.paths[0].startswith("obj") for r in found.references)


def test_instances_name_their_class_by_their_own_path() -> None:
    found = inspect_payload(pickle.dumps({"headers": [collections.Counter("a")]}))

    assert paths_of(found, "collections", "Counter") == ("obj['headers'][0]",)


def test_a_passing_check_can_tell_cheaply_that_no_code_travels() -> None:
    assert not may_carry_code(pickle.dumps({"a": [1, 2, 3]}))
    assert may_carry_code(cloudpickle.dumps(lambda: 1))
    assert may_carry_code(dill.dumps(lambda: 1))


def test_an_inspection_is_plain_data() -> None:
    payload = pickle.dumps([np.zeros(2), pickle.dumps({"inner": collections.OrderedDict()})])
    found = inspect_payload(payload).to_dict()

    assert json.loads(json.dumps(found)) == found
    assert found["payload_bytes"] == len(payload)
    assert found["damaged"] is None
    (nested,) = json.loads(json.dumps(found["nested"]))
    assert nested["path"] == "obj[1]"
    assert nested["references"][0]["paths"] == ["pickle.loads(obj[1])['inner']"]


def test_a_damaged_payload_gives_what_could_be_read() -> None:
    payload = pickle.dumps({"a": collections.OrderedDict(), "b": "x" * 100})

    found = inspect_payload(payload[:-50])

    assert found.damaged is not None
    assert paths_of(found, "collections", "OrderedDict")
