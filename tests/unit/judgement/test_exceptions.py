"""Exceptions of a call: back as they were, or why not."""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.records import SmallestPart
from pytest_portable.diagnosis.ask_target import Census
from pytest_portable.judgement.exceptions import (
    bring_back_exception,
    changed_fact,
    ends_session,
    not_raised,
    same_exception,
)
from support.judging import (
    Answers,
    alone,
    context,
    described,
    dumped_there,
    error_of,
    evidences,
    raised,
    side,
    transcript,
)

if TYPE_CHECKING:
    from pytest_portable.agent.records import Raised, Record
    from pytest_portable.judgement.findings import Back


def back(
    record: Raised, *others: Record, questions: Answers | None = None, **keys: Any
) -> Back[BaseException]:
    known = context(reader=side("3.10.9"), **keys)
    run = transcript(record, *others)
    evidence = evidences(known, run=run, questions=questions)
    return bring_back_exception(known, run, evidence, record)


def came_back(record: Raised, *others: Record) -> BaseException:
    found = back(record, *others)
    assert found.findings.problems == ()
    assert found.value is not None
    return found.value


def thrown(source: str) -> BaseException:
    return error_of(lambda: exec(source, {}))


class BoomError(Exception):
    """Loses an argument on the way, as so many do."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class WrappedError(Exception):
    """Grows with every trip."""

    def __init__(self, text: str) -> None:
        super().__init__(f"wrapped {text}")


class StubbornError(Exception):
    """Refuses to be changed."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def test_cause_context_and_notes_come_back() -> None:
    source = (
        "try:\n try:\n  {}['k']\n except KeyError as first:\n  raise ValueError('v') from first\n"
        "except ValueError:\n"
        "  error = OSError(2, 'gone', 'f.txt'); error.__notes__ = ['look here']; error.more = [1]\n"
        "  raise error\n"
    )

    error = came_back(raised(thrown(source)))

    assert isinstance(error, FileNotFoundError)
    assert (error.errno, error.filename, error.more) == (2, "f.txt", [1])  # type: ignore[attr-defined]
    assert error.__cause__ is None
    assert isinstance(error.__context__, ValueError)
    assert not error.__suppress_context__
    assert isinstance(error.__context__.__cause__, KeyError)
    notes = error.__notes__
    assert notes[0] == "look here"
    assert notes[-1].startswith("raised in py3.10:\nTraceback")
    assert "line 8, in <module>" in notes[-1]


def test_a_hidden_context_stays_hidden() -> None:
    source = "try: 1 / 0\nexcept ZeroDivisionError: raise KeyError('k') from None"

    error = came_back(raised(thrown(source)))

    assert isinstance(error.__context__, ZeroDivisionError)
    assert error.__suppress_context__


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_the_members_of_a_group_keep_their_causes() -> None:
    source = (
        "one, two = ValueError(1), TypeError(2)\none.__cause__ = two\n"
        "raise ExceptionGroup('both', [one, ExceptionGroup('in', [two])])"
    )

    error: Any = came_back(raised(thrown(source)))

    assert error.exceptions[0].__cause__ is error.exceptions[1].exceptions[0]


def test_an_exception_that_refuses_attributes_is_completed_all_the_same() -> None:
    error = StubbornError("no")
    BaseException.__setattr__(error, "__cause__", KeyError("k"))

    there = came_back(raised(error))

    assert isinstance(there.__cause__, KeyError)
    assert "raised in" in there.__notes__[-1]


@pytest.mark.parametrize("links", [((7, -9, False),), ((None, None, True), (0, 0, False))])
def test_links_that_lead_nowhere_are_left_alone(links: tuple[Any, ...]) -> None:
    error = came_back(raised(KeyError("k"), links=links))

    assert error.__cause__ is None
    assert error.__context__ is None


def test_what_it_holds_that_cannot_be_dumped_is_placed() -> None:
    part = SmallestPart("obj().held['lock']", "_thread", "lock")
    record = raised(
        error_of(lambda: int("x")),
        "obj()",
        blob=None,
        part=part,
        undumped=described(TypeError("cannot pickle")),
    )

    (problem,) = back(record).findings.problems

    assert (problem.code, problem.stage) == ("exception-not-portable", "return")
    assert problem.path == "obj().held['lock']"
    assert problem.message.endswith(
        "was raised there and cannot be dumped there: .held['lock'] is a _thread.lock"
    )
    assert problem.evidence.startswith("TypeError: cannot pickle\nraised at File ")


def test_nothing_more_is_said_of_what_the_target_does_not_explain() -> None:
    (problem,) = back(raised(KeyError("k"), blob=None)).findings.problems

    assert problem.message == "KeyError(\"'k'\") was raised there and cannot be dumped there"
    assert (problem.path, problem.evidence) == ("probe", "")


def test_a_class_that_wants_other_arguments_is_named() -> None:
    (problem,) = back(raised(BoomError(7, "seven"), "obj()")).findings.problems

    assert problem.path == "obj()"
    assert "BoomError wants other arguments than it was dumped with" in problem.message
    assert problem.remedies[0].text.startswith("pass all arguments to super().__init__()")


def test_an_exception_that_is_another_one_after_the_trip_is_told() -> None:
    (problem,) = back(raised(WrappedError("x"), "obj()")).findings.problems

    assert problem.path == "obj().args"
    assert "came back changed: args was tuple('wrapped x') there" in problem.message


def test_an_exception_that_loads_as_another_class_is_told() -> None:
    record = raised(KeyError("k"), error=described(KeyError("k"), type="f.<locals>.Other"))

    (problem,) = back(record).findings.problems

    assert problem.message.endswith("came back as builtins.KeyError")


def test_the_name_of_a_class_within_a_function_may_be_lost() -> None:
    record = raised(KeyError("k"), error=described(KeyError("k"), type="f.<locals>.KeyError"))

    assert isinstance(came_back(record), KeyError)


@pytest.mark.parametrize("blob", [pickle.dumps(1), pickle.dumps([]), pickle.dumps(["text"])])
def test_what_loads_as_no_exception_is_told(blob: bytes) -> None:
    (problem,) = back(raised(KeyError("k"), blob=blob)).findings.problems

    assert "cannot be loaded here: it loads as builtins." in problem.message


SOURCE = "class Boom(Exception): pass"


def test_a_class_that_only_the_target_has_is_named() -> None:
    blob = dumped_there(SOURCE, "[Boom('no')]")
    error = described(KeyError("k"), module="only_there", type="Boom", message="no")

    (problem,) = back(raised(KeyError("k"), error=error, blob=blob)).findings.problems

    assert (problem.code, problem.module) == ("exception-not-portable", "only_there")
    assert problem.message == (
        "only_there.Boom('no') was raised there and cannot be loaded here: its module only_there "
        "is not importable here"
    )
    assert problem.remedies[0].text.startswith("raise what both sides have")


def test_a_cause_that_cannot_come_back_does_not_hide_the_exception() -> None:
    outer = ValueError("outer")
    outer.__cause__ = KeyError("k")
    record = raised(outer, blob=dumped_there(SOURCE, "[ValueError('outer'), Boom()]"))

    error = came_back(record, alone(ValueError("outer")))

    assert str(error) == "outer"
    assert error.__cause__ is None
    assert error.__notes__[0].startswith("what it was raised from cannot come back: its module")


def test_a_cause_that_cannot_come_back_is_placed_where_it_hides_the_exception() -> None:
    outer = ValueError("outer")
    outer.__cause__ = KeyError("k")
    record = raised(outer, blob=dumped_there(SOURCE, "[ValueError('outer'), Boom()]"))

    (problem,) = back(record).findings.problems

    assert problem.path == "probe.__cause__"


def test_another_version_there_is_named_with_its_pin() -> None:
    from importlib.metadata import version

    record = raised(KeyError("k"), blob=b"cpytest\nNoSuchError\n.")

    found = back(record, distributions={"pytest": "1.0"})

    (problem,) = found.findings.problems
    assert problem.distribution == "pytest"
    assert problem.message.endswith(f"(pytest 1.0 there, pytest {version('pytest')} here)")
    assert f"pytest=={version('pytest')}" in problem.remedies[0].text


def test_an_import_that_fails_there_says_what_would_bring_it() -> None:
    error = ModuleNotFoundError("No module named 'pluggy'", name="pluggy")
    record = raised(error, error=described(error, traceback="as printed there"))

    found = back(record, questions=Answers(census=Census()))

    assert isinstance(found.value, ModuleNotFoundError)
    assert found.value.__notes__[0] == "raised in py3.10:\nas printed there"
    assert found.value.__notes__[1].startswith("missing-distribution: ")
    assert found.value.__notes__[1].endswith('; fix: deps=[..., "pluggy"]')


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_an_exit_is_an_exception_like_any_other(error: BaseException) -> None:
    there = came_back(raised(error))

    assert type(there) is type(error)
    assert not ends_session(there)


@pytest.mark.parametrize("error", [KeyboardInterrupt("there"), pytest.exit.Exception("there")])
def test_what_would_end_the_session_is_better_not_raised(error: BaseException) -> None:
    problem = not_raised(error)

    assert ends_session(error)
    assert (problem.code, problem.stage, problem.path) == ("early-exit", "call", "obj()")
    assert problem.message.startswith(f"raised {type(error).__name__} there")


def with_attribute(value: object) -> Exception:
    error = ValueError("v")
    error.where = value  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("here", "there", "is_same", "fact"),
    [
        pytest.param(KeyError(1), KeyError(1), True, None, id="same"),
        pytest.param(KeyError(object()), KeyError(object()), True, None, id="opaque"),
        pytest.param(KeyError(1), KeyError(2), False, ("args", "tuple(1)", "tuple(2)"), id="args"),
        pytest.param(
            with_attribute(1), with_attribute(2), False, ("where", "1", "2"), id="attribute"
        ),
        pytest.param(
            with_attribute(1), ValueError("v"), False, ("where", "1", "nothing"), id="only-here"
        ),
        pytest.param(
            ValueError("v"), with_attribute(1), False, ("where", "nothing", "1"), id="only-there"
        ),
        pytest.param(KeyError(1), ValueError(1), False, None, id="another-class"),
    ],
)
def test_two_exceptions_are_the_same_in_class_and_facts(
    here: BaseException, there: BaseException, *, is_same: bool, fact: tuple[str, str, str] | None
) -> None:
    record = raised(there, blob=None)

    assert same_exception(here, record) is is_same
    assert changed_fact(here, record) == fact
