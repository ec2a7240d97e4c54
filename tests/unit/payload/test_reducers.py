"""Reducers of packages that need not be installed, written by hand as opcodes."""

from __future__ import annotations

import pytest

from pytest_portable.payload.graph import read
from pytest_portable.payload.paths import Paths

HERE = b"cmark\nhere\n"


def call(name: str, *arguments: bytes) -> bytes:
    module, _, function = name.rpartition(".")
    return f"c{module}\n{function}\n(".encode() + b"".join(arguments) + b"tR"


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        pytest.param(call("copyreg.__newobj__", HERE), "obj", id="new-by-function"),
        pytest.param(call("weakref.ref", HERE), "obj()", id="weak-reference"),
        pytest.param(call("dill._dill._create_weakref", HERE), "obj()", id="weak-by-dill"),
        pytest.param(call("datetime.datetime", b"N", HERE), "obj.tzinfo", id="time-zone"),
        pytest.param(call("types.GenericAlias", b"N", b"(", HERE, b"t"), "obj.__args__[0]", id="a"),
        pytest.param(call("_operator.getitem", b"N", HERE), "obj.__args__[0]", id="subscript"),
        pytest.param(call("torch._utils._rebuild_parameter", HERE), "obj.data", id="parameter"),
        pytest.param(
            call("dill._dill._create_filehandle", b"N", b"N", b"N", b"N", HERE), "obj", id="file"
        ),
        pytest.param(
            call("pandas.core.indexes.base._new_Index", b"N", b"}S'data'\n" + HERE + b"s"),
            "obj._data",
            id="index",
        ),
        pytest.param(
            call("pandas._libs.internals._unpickle_block", HERE), "obj.values", id="block"
        ),
        pytest.param(
            call("numpy._core.multiarray._reconstruct", b"N") + b"(" + HERE + b"tb",
            "obj.__reduce__()[2][0]",
            id="odd-array",
        ),
        pytest.param(
            call("cloudpickle.cloudpickle._make_empty_cell")
            + b"p0\n0"
            + call("cloudpickle.cloudpickle.cell_set", b"g0\n", HERE)
            + b"0g0\n",
            "obj.cell_contents",
            id="cell-set-later",
        ),
        pytest.param(
            call("cloudpickle.cloudpickle.dynamic_subimport", b"S'm'\n", b"}S'x'\n" + HERE + b"s"),
            "obj.x",
            id="module",
        ),
        pytest.param(
            b"cmylib\nC\n)\x81(N}S'slot'\n" + HERE + b"stb", "obj.slot", id="state-of-slots"
        ),
        pytest.param(b"cmylib\nC\n)\x81(" + HERE + b"tb", "obj.__getstate__()[0]", id="state"),
        pytest.param(
            b"cmylib\nC\n(" + HERE + b"t\x81", "obj.__getnewargs__()[0]", id="new-arguments"
        ),
        pytest.param(
            b"cmylib\nC\n)}S'k'\n" + HERE + b"s\x92",
            "obj.__getnewargs_ex__()[1]['k']",
            id="new-keywords",
        ),
        pytest.param(b"(imylib\nC\n}S'a'\n" + HERE + b"sb", "obj.a", id="instance-opcode"),
        pytest.param(b"(cmylib\nC\no}S'a'\n" + HERE + b"sb", "obj.a", id="object-opcode"),
    ],
)
def test_reducers_of_what_is_not_installed_here_are_named(payload: bytes, path: str) -> None:
    paths = Paths(read(payload + b"."))

    names = {paths.view.name(node): paths.path(node) for node in range(len(paths.graph))}
    assert names["mark", "here"] == path
