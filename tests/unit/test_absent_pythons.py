from __future__ import annotations

import pytest

from pytest_portable.environment.interpreters import find_interpreter
from pytest_portable.errors import InterpreterNotFoundError
from support.absent import excuse


def report(text: str, *sections: tuple[str, str]) -> pytest.TestReport:
    return pytest.TestReport(
        "test_it.py::test_it", ("test_it.py", 3, "test_it"), {}, "failed", text, "call", sections
    )


def said_of(python: str) -> str:
    with pytest.raises(InterpreterNotFoundError) as caught:
        find_interpreter(python)
    return str(caught.value)


@pytest.mark.parametrize("by", ["the test", "its pytest", "preparing"])
def test_a_failure_for_want_of_a_python_is_a_skip_that_names_it(by: str) -> None:
    failure = {
        "the test": report(said_of("3.98")),
        "its pytest": report("", ("Captured stdout call", said_of("3.98"))),
        "preparing": report("portable: py3.98 with six: no such interpreter"),
    }[by]

    excuse(failure, frozenset({"3.98"}))

    assert failure.skipped
    assert failure.longrepr == ("test_it.py", 3, "Skipped: no CPython 3.98")


def test_a_failure_where_that_python_is_here_stays_one() -> None:
    failure = report(said_of("3.98"))

    excuse(failure, frozenset({"3.9"}))

    assert failure.failed
