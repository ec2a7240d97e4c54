"""The place of code that travelled under a name that is no file: the host's own objects tell it."""

from __future__ import annotations

import functools
import os
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

import cloudpickle
import pytest

from pytest_portable.agent.records import Caught
from pytest_portable.diagnosis import Standing
from pytest_portable.payload.inspection import inspect_payload

if TYPE_CHECKING:
    from collections.abc import Callable

NO_FILE = "<dynamic-code>"  # cloudpickle 3.1.3 and newer


def helper() -> None:
    raise ValueError


def make() -> dict[str, Any]:
    """Return functions by where an object holds them."""

    def inner() -> None: ...

    def closing() -> object:
        return inner

    def outer() -> object:
        def made_there() -> None: ...

        return made_there

    class Holder:
        __slots__ = ("hook",)

        def method(self) -> None: ...

        @property
        def shown(self) -> None: ...

    holder = Holder()
    holder.hook = inner  # type: ignore[attr-defined]
    return {
        "itself": (inner, inner),
        "in a container": ([{"k": (inner,)}], inner),
        "in a closure": (closing, inner),
        "as a default": (lambda _=inner: 0, inner),
        "in a partial": (functools.partial(print, inner), inner),
        "in a slot": (holder, inner),
        "as a method": (holder, Holder.method),
        "as a property": (Holder, Holder.shown.fget),  # type: ignore[attr-defined]
        "as a bound method": (holder.method, Holder.method),
        "as a global": (lambda: [helper], helper),
        "made by it": (outer, outer()),
    }


def line_of(function: Callable[..., object]) -> int:
    return function.__code__.co_firstlineno


def name_of(function: Callable[..., object]) -> str:
    code = function.__code__
    return str(getattr(code, "co_qualname", code.co_name))


@pytest.mark.parametrize("where", make())
def test_code_is_found_wherever_an_object_holds_it(where: str) -> None:
    held, function = make()[where]

    place = Standing([None, held]).place(NO_FILE, line_of(function), name_of(function))

    assert place == f"{__file__}:{line_of(function)}"


def test_every_line_of_a_function_is_known_and_no_other() -> None:
    standing = Standing([helper])
    first = line_of(helper)

    assert standing.place(NO_FILE, first + 1, "helper") == f"{__file__}:{first + 1}"
    assert standing.place(NO_FILE, first + 2, "helper") == ""
    assert standing.place(NO_FILE, first + 1, "other") == ""
    assert Standing([]).place(NO_FILE, first + 1, "helper") == ""


def test_what_is_a_file_is_told_as_it_is() -> None:
    line = line_of(helper)

    assert Standing([helper]).place("/there/m.py", line, "helper") == f"/there/m.py:{line}"


@pytest.mark.parametrize("name", ["<string>", "<stdin>", "<frozen os>", "<attrs generated f>"])
def test_what_has_no_file_on_any_side_is_not_looked_for(name: str) -> None:
    assert Standing([helper]).place(name, line_of(helper), "helper") == ""


def test_code_without_a_file_here_has_none_either() -> None:
    assert Standing([defined("<string>")]).place(NO_FILE, 2, "twin") == ""


def defined(file: str, module: str = "m") -> FunctionType:
    scope: dict[str, Any] = {"__name__": module}
    exec(compile("\ndef twin(): ...", file, "exec"), scope)
    function = scope["twin"]
    assert isinstance(function, FunctionType)
    return function


def test_of_two_files_the_one_of_the_module_is_told() -> None:
    standing = Standing([defined("/a.py", "a"), defined("/b.py", "b")])

    assert standing.place(NO_FILE, 2, "twin", "b") == "/b.py:2"
    assert standing.place(NO_FILE, 2, "twin") == ""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code has no qualified name")
def test_a_qualified_name_is_compared_as_a_whole() -> None:
    function = make()["itself"][0]

    assert Standing([function]).place(NO_FILE, line_of(function), "other.<locals>.inner") == ""


def test_nothing_of_the_object_runs() -> None:
    class Hostile:
        held = (helper,)

        def __getattribute__(self, name: str) -> object:
            pytest.fail(f"{name} was asked for")

        __iter__ = __len__ = __eq__ = __hash__ = __bool__ = lambda *_: pytest.fail("was asked")

    assert Standing([Hostile()]).place(NO_FILE, line_of(helper), "helper")


def test_big_data_is_not_searched_to_its_end() -> None:
    data = [[n] for n in range(200_000)]

    assert Standing([data, helper]).place(NO_FILE, line_of(helper), "helper")


TEXT = """\
Traceback (most recent call last):
  File "/there/a.py", line 3, in f
    g()
  File "<dynamic-code>", line LINE, in helper
  File "<dynamic-code>", line 7, in unknown
  File "<frozen os>", line 679, in __getitem__
  | File "<string>", line 2, in <module>
  File "<string>", line 1
    1 +
SyntaxError: invalid syntax
Thread 0x1 (most recent call first):
  File "<dynamic-code>", line LINE in helper
  File "<dynamic-code>", line 7 in unknown
"""
TOLD = """\
Traceback (most recent call last):
  File "/there/a.py", line 3, in f
    g()
  File "FILE", line LINE, in helper
    raise ValueError
  line 7, in unknown
  <frozen os>, line 679, in __getitem__
  | <string>, line 2, in <module>
  File "<string>", line 1
    1 +
SyntaxError: invalid syntax
Thread 0x1 (most recent call first):
  File "FILE", line LINE in helper
  line 7 in unknown
"""


def test_lines_of_tracebacks_name_files_that_are_there() -> None:
    line = str(line_of(helper) + 1)

    told = Standing([helper]).in_text(TEXT.replace("LINE", line))

    assert told == TOLD.replace("LINE", line).replace("FILE", __file__)


def test_an_inspection_of_what_is_here_names_its_file() -> None:
    function = make()["itself"][0]
    found = inspect_payload(cloudpickle.dumps(function))

    (code,) = Standing([function]).in_inspection(found).code

    assert (code.filename, code.line) == (__file__, line_of(function))


def test_an_inspection_of_a_payload_alone_names_no_file_that_is_none() -> None:
    found = inspect_payload(cloudpickle.dumps(defined(NO_FILE)))

    assert [(code.filename, code.line) for code in found.code] == [("", 2)]


def test_a_warning_of_code_without_a_file_is_placed_by_its_line() -> None:
    standing = Standing([helper])
    line = line_of(helper) + 1
    files = {
        (NO_FILE, line): __file__,
        (NO_FILE, line + 500): "",
        ("<frozen os>", line): "<frozen os>",
        (os.__file__, line): os.__file__,
    }

    told = {
        (name, at): standing.in_warning(Caught("W", "m", "said", name, at))["file"]
        for name, at in files
    }

    assert told == files
