from __future__ import annotations

import dis
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_portable.payload.instructions import _NUMBERS, Code, python_of, scan

if TYPE_CHECKING:
    from types import CodeType

HOST = sys.version_info[:2]


def fields(code: CodeType, arguments: int) -> Code:
    return Code(
        code=code.co_code,
        constants=code.co_consts,
        names=code.co_names,
        name=code.co_name,
        filename=code.co_filename,
        line=code.co_firstlineno,
        lines=getattr(code, "co_linetable", b""),
        exceptions=getattr(code, "co_exceptiontable", b""),
        arguments=arguments,
        by_dill_lnotab=False,
        nested=(),
    )


@pytest.mark.skipif(HOST not in _NUMBERS, reason="this Python's bytecode has no table yet")
def test_the_tables_agree_with_the_running_python() -> None:
    numbers = _NUMBERS[HOST]

    assert numbers.extended == dis.opmap["EXTENDED_ARG"]
    assert numbers.import_name == dis.opmap["IMPORT_NAME"]
    assert numbers.load_const == dis.opmap["LOAD_CONST"]
    assert numbers.load_global == dis.opmap["LOAD_GLOBAL"]
    assert numbers.load_name == dis.opmap["LOAD_NAME"]
    assert dis.opmap["LOAD_ATTR"] in numbers.load_attribute
    assert numbers.store == (dis.opmap["STORE_GLOBAL"], dis.opmap["STORE_NAME"])
    assert numbers.pop_top == dis.opmap["POP_TOP"]
    assert dis.opmap["RERAISE"] in numbers.ends
    assert dis.opmap["WITH_EXCEPT_START"] in numbers.with_handler
    assert numbers.resume == dis.opmap.get("RESUME", -1)
    assert numbers.push_exception == dis.opmap.get("PUSH_EXC_INFO", -1)


@pytest.mark.skipif(HOST < (3, 11), reason="caches came with 3.11")
def test_code_of_the_running_python_is_told_or_left_open() -> None:
    import argparse

    functions = [f for f in vars(argparse.ArgumentParser).values() if hasattr(f, "__code__")]
    told = [python_of(fields(function.__code__, 18)) for function in functions]

    assert set(told) <= {HOST, None}
    assert told.count(HOST) > len(told) / 2


@pytest.mark.skipif(HOST < (3, 11), reason="written for its layout")
def test_names_are_those_that_dis_finds() -> None:
    import argparse

    for function in (argparse.ArgumentParser.parse_args, argparse.ArgumentParser.add_subparsers):
        found = scan(fields(function.__code__, 18), HOST)

        loads = [i for i in dis.get_instructions(function) if i.opname == "LOAD_GLOBAL"]
        assert found.names == {step.argval for step in loads}


@pytest.mark.parametrize("arguments", [0, 14, 17, 21])
def test_an_unknown_layout_tells_nothing(arguments: int) -> None:
    code = fields(compile("import a", "x", "exec"), arguments)

    assert python_of(code, HOST) is None
    assert scan(code, None).imports == frozenset()
