from __future__ import annotations

import collections
import copyreg
import datetime as dt
import functools
import importlib
import marshal
import pickle
import types
import typing
from typing import Any

import cloudpickle
import dill
import numpy as np
import pytest

from pytest_portable.payload.graph import read
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.payload.lenses import LENSES, lens
from pytest_portable.payload.paths import Paths
from pytest_portable.payload.references import Reference, find_references
from unit.payload.truth import Color, Model, define


def reference(payload: bytes, module: str, qualname: str = "", **options: Any) -> Reference:
    found = find_references(Paths(read(payload)), **options)
    return next(one for one in found if (one.module, one.qualname) == (module, qualname))


def test_a_reference_lists_every_path_up_to_a_limit_and_counts_all() -> None:
    payload = pickle.dumps({"few": [Color, Color], "many": [collections.Counter()] * 3})
    crowd = pickle.dumps([collections.Counter() for _ in range(100)])

    assert reference(payload, Color.__module__, "Color").paths == ("obj['few'][0]", "obj['few'][1]")
    assert reference(payload, "collections", "Counter").uses == 1
    found = reference(crowd, "collections", "Counter")
    assert found.paths == tuple(f"obj[{index}]" for index in range(20))
    assert found.uses == 100


@pytest.mark.parametrize("protocol", range(6))
def test_names_of_python_2_are_turned_into_todays(protocol: int) -> None:
    payload = pickle.dumps([object(), functools.reduce, range(2)], protocol)

    modules = {one.module for one in find_references(Paths(read(payload)))}
    assert "builtins" in modules
    assert not modules & {"__builtin__", "copy_reg"}


def test_the_distribution_is_named_not_the_import() -> None:
    packages = {"dateutil": ["python-dateutil"], "numpy": ["numpy"]}
    payload = b"cdateutil.tz.tz\ntzutc\n)R."

    found = reference(payload, "dateutil.tz.tz", "tzutc", packages=packages)

    assert (found.distribution, found.stdlib) == ("python-dateutil", False)


def test_the_standard_library_is_the_targets() -> None:
    payload = pickle.dumps(dt.date(2020, 1, 1))

    assert reference(payload, "datetime", "date").stdlib
    assert not reference(payload, "datetime", "date", stdlib={"sys"}).stdlib


def test_modules_sent_as_values_are_references_without_a_name() -> None:
    for payload in (cloudpickle.dumps([np.linalg]), dill.dumps([np.linalg])):
        found = reference(payload, "numpy.linalg")

        assert (found.paths, found.by, found.distribution) == (("obj[0]",), "reference", "numpy")


def test_modules_that_travel_whole_are_by_value() -> None:
    module = types.ModuleType("made_here")
    vars(module)["table"] = [collections.OrderedDict]

    payload = cloudpickle.dumps({"m": module})

    assert reference(payload, "made_here").by == "value"
    assert reference(payload, "collections", "OrderedDict").paths == ("obj['m'].table[0]",)


def test_attributes_of_modules_are_named_whole() -> None:
    class Asked:
        def __reduce__(self) -> tuple[Any, ...]:
            return getattr, (typing, "List")

    payload = cloudpickle.dumps([Asked()])

    assert reference(payload, "typing", "List").paths == ("obj[0]",)


def test_a_module_imported_by_name_is_a_reference() -> None:
    class Asked:
        def __reduce__(self) -> tuple[Any, ...]:
            return importlib.import_module, ("json.decoder",)

    assert reference(pickle.dumps([Asked()]), "json.decoder").paths == ("obj[0]",)


def test_types_that_serializers_call_by_a_short_name_are_references() -> None:
    payload = dill.dumps([ValueError, int])

    assert reference(payload, "builtins", "ValueError").paths == ("obj[0]",)


def test_an_extension_code_is_looked_up_or_named_by_its_number() -> None:
    copyreg.add_extension(Model.__module__, "Model", 240)
    try:
        payload = pickle.dumps([Model], 2)
        known = reference(payload, Model.__module__, "Model")
    finally:
        copyreg.remove_extension(Model.__module__, "Model", 240)

    assert known.paths == ("obj[0]",)
    assert reference(payload, "copyreg", "extension code 240").paths == ("obj[0]",)


def test_vendored_serializers_are_machinery_too() -> None:
    payload = cloudpickle.dumps(lambda: 1, protocol=2)
    vendored = payload.replace(
        b"ccloudpickle.cloudpickle\n", b"cray._private.cloudpickle.cloudpickle\n"
    )

    inspection = inspect_payload(vendored)

    assert inspection.code[0].path == "obj"
    assert any(one.machinery and one.module.startswith("ray.") for one in inspection.references)


def test_the_main_modules_namespace_is_named() -> None:
    payload = b"c__builtin__\n__main__\n."

    assert reference(payload, "__main__", "__dict__").paths == ("obj",)


def test_another_root_name_begins_every_path() -> None:
    inspection = inspect_payload(pickle.dumps([Model(Color.RED)]), root="args[0]")

    assert {path.partition("]")[0] for r in inspection.references for path in r.paths} == {"args[0"}


def test_marshalled_code_is_code() -> None:
    class Marshalled:
        def __reduce__(self) -> tuple[Any, ...]:
            return marshal.loads, (marshal.dumps(define("f = lambda: 1", "f").__code__),)

    (code,) = inspect_payload(pickle.dumps([Marshalled()])).code

    assert (code.path, code.kind, code.python) == ("obj[0]", "code", None)


def test_a_lens_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_portable.payload.lenses.view.LENSES", LENSES)
    payload = b"cmylib\nrebuild\n(ccollections\nCounter\ntR."
    before = reference(payload, "collections", "Counter").paths

    @lens("mylib.rebuild")
    def _rebuilt(view: object, node: int, arguments: Any) -> list[tuple[str, int]]:
        del view, node
        return [(".source", arguments[0])]

    try:
        after = reference(payload, "collections", "Counter").paths
    finally:
        del LENSES["mylib.rebuild"]

    assert before == ("obj.__reduce_ex__(4)[1][0]",)
    assert after == ("obj.source",)
