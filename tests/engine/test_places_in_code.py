"""Verdicts name file and line of by-value code as it stands here, whatever its payload says."""

from __future__ import annotations

import os
import time
import warnings
from typing import TYPE_CHECKING

import cloudpickle
import pytest

from pytest_portable.errors import PortabilityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Problem, Verdict

HERE = "PYTEST_CURRENT_TEST"


def line_of(function: Callable[..., object], more: int = 0) -> int:
    return function.__code__.co_firstlineno + more


def problem_of(verdict: Verdict, code: str) -> Problem:
    (found,) = [problem for problem in verdict.problems if problem.code == code]
    return found


@pytest.mark.parametrize(
    ("serializer", "options"),
    [
        pytest.param("cloudpickle", {}, id="no file travels"),  # before 3.1.3 it does
        pytest.param("dill", {"recurse": True}, id="the file travels"),
    ],
)
def test_a_call_that_raised(
    on: Callable[..., Portable], serializer: str, options: dict[str, object]
) -> None:
    def columns() -> None:
        if HERE not in os.environ:
            raise LookupError("no table is open")

    verdict = on(serializer=serializer, options=options).check(columns, probe="obj()")

    problem = problem_of(verdict, "call-error")
    place = f"{__file__}:{line_of(columns, 2)}"
    assert problem.evidence == f"LookupError: no table is open ({place})"
    assert f'  File "{__file__}", line {line_of(columns, 2)}, in columns\n' in problem.traceback
    assert '    raise LookupError("no table is open")\n' in problem.traceback
    assert "<dynamic-code>" not in problem.traceback


def test_a_hook_of_the_load_that_raised(on: Callable[..., Portable]) -> None:
    class Opens:
        def __init__(self) -> None:
            self.table = 1

        def __setstate__(self, state: object) -> None:
            raise LookupError("no table is open")

    verdict = on(serializer="cloudpickle").check(Opens())

    place = f"{__file__}:{line_of(Opens.__setstate__, 1)}"
    problem = problem_of(verdict, "load-hook")
    assert problem.evidence == f"LookupError: no table is open ({place})"


def test_code_that_has_no_file_anywhere(on: Callable[..., Portable]) -> None:
    scope: dict[str, Callable[[], None]] = {}
    source = f"def f():\n import os\n if {HERE!r} not in os.environ: raise LookupError('closed')"
    exec(source, scope)

    verdict = on(serializer="cloudpickle").check(scope["f"], probe="obj()")

    problem = problem_of(verdict, "call-error")
    assert problem.evidence == "LookupError: closed"
    assert "line 3, in f\n" in problem.traceback
    assert 'File "<' not in problem.traceback


def test_a_payload_alone_tells_no_place(on: Callable[..., Portable]) -> None:
    def columns() -> None:
        raise LookupError("closed")

    portable = on(serializer="cloudpickle")
    verdict = portable.check_payload(without_file(columns), probe="obj()")

    assert problem_of(verdict, "call-error").evidence == "LookupError: closed"


def without_file(function: Callable[..., object]) -> bytes:
    """Dump as cloudpickle 3.1.3 does."""
    code = function.__code__
    function.__code__ = code.replace(co_filename="<dynamic-code>")
    data: bytes = cloudpickle.dumps(function)
    return data


def test_an_exception_that_came_back(on: Callable[..., Portable]) -> None:
    def fails(times: int) -> None:
        raise LookupError(times)

    with pytest.raises(LookupError) as caught:
        on(serializer="cloudpickle").call(fails, 3)

    (note,) = caught.value.__notes__
    place = f'  File "{__file__}", line {line_of(fails, 1)}, in fails\n    raise LookupError(times)'
    assert place in note


def test_an_exception_that_cannot_come_back(on: Callable[..., Portable]) -> None:
    def fails() -> None:
        class Odd(Exception):  # noqa: N818
            def __init__(self, one: int, two: int) -> None:  # noqa: ARG002 - it wants two
                super().__init__(one)

        raise Odd(1, 2)

    with pytest.raises(PortabilityError) as caught:
        on(serializer="cloudpickle").call(fails)

    problem = problem_of(caught.value.verdict, "exception-not-portable")
    place = f'raised at File "{__file__}", line {line_of(fails, 5)}, in '
    assert place in problem.evidence


def test_a_call_that_never_ended(on: Callable[..., Portable]) -> None:
    def sleeps() -> None:
        if HERE not in os.environ:
            time.sleep(60)

    verdict = on(serializer="cloudpickle", timeout_seconds=2.0).check(sleeps, probe="obj()")

    problem = problem_of(verdict, "timeout")
    assert problem.message.endswith(f"in sleeps ({__file__}:{line_of(sleeps, 2)})")
    assert f'File "{__file__}", line {line_of(sleeps, 2)} in sleeps' in problem.evidence


def test_a_warning_of_a_call(on: Callable[..., Portable]) -> None:
    def warns() -> None:
        warnings.warn("old", stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = on(serializer="cloudpickle").check(warns, probe="obj()")

    (warning,) = verdict.warnings
    assert (warning["file"], warning["line"]) == (__file__, line_of(warns, 1))


def test_what_an_inspection_holds(on: Callable[..., Portable]) -> None:
    def columns() -> None: ...

    (code,) = on(serializer="cloudpickle").inspect(columns).code

    assert (code.filename, code.line) == (__file__, line_of(columns))
