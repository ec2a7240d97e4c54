from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import pytest

from pytest_portable.payload.inspection import inspect_payload
from unit.payload.old_payloads import OLD_PAYLOADS, old_payload
from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.payload.bytecode import CodeSent

HOST = sys.version_info[:2]
HOST_TEXT = f"{HOST[0]}.{HOST[1]}"
SERIALIZERS = [
    pytest.param(cloudpickle.dumps, id="cloudpickle"),
    pytest.param(functools.partial(dill.dumps, recurse=True), id="dill"),
]


def sent(function: object, dumps: Callable[[object], bytes] = cloudpickle.dumps) -> CodeSent:
    return inspect_payload(dumps(function)).code[0]


def body(*lines: str, **names: object) -> Any:
    source = "def f(x=1):\n" + "".join(f"    {line}\n" for line in lines)
    return define(source, "f", **names)


@pytest.mark.parametrize(("python", "serializer"), OLD_PAYLOADS)
def test_code_of_any_python_is_read_like_the_hosts_own(python: str, serializer: str) -> None:
    found = inspect_payload(old_payload(python, serializer))

    codes = {code.path: code for code in found.code}
    function, method = codes["obj[0]"], codes["type(obj[1]).method"]
    assert found.damaged is None
    assert function.name == "f"
    assert function.imports == (
        "finally_needed",
        "first.inner",
        "importlib",
        "second",
        "third.part",
    )
    assert function.conditional_imports == ("fourth", "json", "maybe", "orjson")
    assert function.missing_globals == ("left_behind",)
    assert (function.line, method.line) == (2, 27)
    assert (method.name, method.imports) == ("C.method", ("fifth",))
    assert codes["type(obj[1])"].kind == "class"


@pytest.mark.parametrize(("python", "serializer"), OLD_PAYLOADS)
def test_the_python_of_old_code_is_told_or_left_open_but_never_wrong(
    python: str, serializer: str
) -> None:
    found = inspect_payload(old_payload(python, serializer))

    told = {code.python for code in found.code if code.kind == "function"}
    assert told == ({None} if python in ("3.6", "3.7") else {python})
    assert found.bound_to["python"] == (None if python in ("3.6", "3.7") else python)


def test_a_hint_settles_what_the_bytes_leave_open() -> None:
    payload = old_payload("3.7", "dill 0.3.7")

    told = {code.python for code in inspect_payload(payload, python=(3, 7)).code}
    refused = {code.python for code in inspect_payload(payload, python=(3, 12)).code}

    assert told == {"3.7", None}
    assert refused == {None}


@pytest.mark.parametrize("dumps", SERIALIZERS)
def test_the_hosts_code_is_told_with_a_hint(dumps: Callable[[object], bytes]) -> None:
    payload = dumps(define("f = lambda x: x + 1", "f"))

    assert inspect_payload(payload, python=HOST).code[0].python == HOST_TEXT


@pytest.mark.parametrize(
    ("lines", "always", "conditional"),
    [
        pytest.param(("import a.b",), ("a.b",), (), id="plain"),
        pytest.param(("from a.b import c",), ("a.b",), (), id="from"),
        pytest.param(("if x:", "    import a"), ("a",), (), id="under-if"),
        pytest.param(
            ("try:", "    import a", "except ImportError:", "    import b"),
            (),
            ("a", "b"),
            id="fallback",
        ),
        pytest.param(("try:", "    import a", "except:", "    pass"), (), ("a",), id="bare-except"),
        pytest.param(
            ("try:", "    import a", "except Exception as e:", "    print(e)"),
            (),
            ("a",),
            id="any-exception",
        ),
        pytest.param(
            ("try:", "    import a", "except ValueError:", "    pass"), ("a",), (), id="other-error"
        ),
        pytest.param(
            ("try:", "    import a", "except ValueError:", "    pass", "except ImportError: pass"),
            (),
            ("a",),
            id="second-clause",
        ),
        pytest.param(("try:", "    import a", "finally:", "    x = 2"), ("a",), (), id="finally"),
        pytest.param(
            ("try:", "    import a", "except ImportError:", "    pass", "import a"),
            ("a",),
            (),
            id="needed-later",
        ),
        pytest.param(
            ("import contextlib", "with contextlib.suppress(ImportError):", "    import a"),
            ("contextlib",),
            ("a",),
            id="suppressed",
        ),
        pytest.param(("with open(x):", "    import a"), ("a",), (), id="in-a-with"),
        pytest.param(("return __import__('a')",), ("a",), (), id="import-function"),
        pytest.param(
            ("import importlib", "return importlib.import_module('a.b')"),
            ("a.b", "importlib"),
            (),
            id="importlib",
        ),
        pytest.param(
            ("def g():", "    class C:", "        import a", "    return C", "return g"),
            ("a",),
            (),
            id="nested",
        ),
    ],
)
def test_imports_are_told_apart(
    lines: tuple[str, ...], always: tuple[str, ...], conditional: tuple[str, ...]
) -> None:
    code = sent(body(*lines))

    assert (code.imports, code.conditional_imports) == (always, conditional)


def test_more_than_255_names_are_followed() -> None:
    many = [f"import module_{number}" for number in range(400)]

    code = sent(body(*many, "return wanted"))

    assert len(code.imports) == 400
    assert code.missing_globals == ("wanted",)


def test_relative_imports_are_named_by_the_functions_package() -> None:
    function = define(
        "def f():\n    from . import near\n    from ..far import thing\n    return near, thing\n",
        "f",
        __package__="pkg.inner",
        __name__="pkg.inner.module",
    )

    assert sent(function).imports == ("pkg.far", "pkg.inner")


def test_names_a_function_sets_itself_are_not_missing() -> None:
    code = sent(body("global counter", "counter = x", "return counter, len, __name__, lost"))

    assert code.missing_globals == ("lost",)


def test_names_of_a_class_body_inside_a_function_are_not_missing() -> None:
    code = sent(body("class Inner:", "    first = 1", "    second = first + lost", "return Inner"))

    assert code.missing_globals == ("lost",)


def test_functions_of_an_importable_modules_namespace_miss_nothing() -> None:
    import textwrap

    source = "def made(x):\n    return dedent(x)\n"
    made: dict[str, Any] = {}
    exec(compile(source, "made", "exec"), vars(textwrap), made)
    function = made["made"]
    function.__module__ = "textwrap"

    assert sent(function, dill.dumps).missing_globals == ()


def test_names_of_main_that_dill_leaves_behind_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main = sys.modules["__main__"]
    function = define("def f():\n    return left_behind\n", "f")
    payload = dill.dumps(function).replace(b"left_behind", b"left_behind")
    monkeypatch.setattr(main, "left_behind", 1, raising=False)

    assert inspect_payload(payload).code[0].missing_globals == ("left_behind",)


def test_code_without_a_function_is_listed_too() -> None:
    payload = cloudpickle.dumps([body("import a").__code__])

    (code,) = inspect_payload(payload).code
    assert (code.kind, code.path, code.imports) == ("code", "obj[0]", ("a",))
