"""Exceptions of a call: back as they were, or why not."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.errors import PortabilityError
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.engine.session import Session
    from pytest_portable.portable import Portable


def raised_by(portable: Portable, source: str) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is
        portable.call(exec, source)
    return caught.value


def test_cause_context_and_notes_come_back(on: Callable[..., Portable]) -> None:
    source = (
        "try:\n try:\n  {}['k']\n except KeyError as first:\n  raise ValueError('v') from first\n"
        "except ValueError:\n"
        "  error = OSError(2, 'gone', 'f.txt'); error.__notes__ = ['look here']; error.more = [1]\n"
        "  raise error\n"
    )

    error = raised_by(on(), source)

    assert isinstance(error, FileNotFoundError)
    assert (error.errno, error.filename, error.more) == (2, "f.txt", [1])  # type: ignore[attr-defined]
    assert error.__cause__ is None
    assert isinstance(error.__context__, ValueError)
    assert not error.__suppress_context__
    assert isinstance(error.__context__.__cause__, KeyError)
    notes = error.__notes__
    assert notes[0] == "look here"
    assert notes[-1].startswith("raised in py3")
    assert "line 8, in <module>" in notes[-1]
    assert "in_target" not in notes[-1]


def test_a_hidden_context_stays_hidden(on: Callable[..., Portable]) -> None:
    error = raised_by(on(), "try: 1 / 0\nexcept ZeroDivisionError: raise KeyError('k') from None")

    assert isinstance(error, KeyError)
    assert error.__suppress_context__


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with Python 3.11")
def test_the_members_of_a_group_keep_their_causes(on: Callable[..., Portable]) -> None:
    source = (
        "one, two = ValueError(1), TypeError(2)\none.__cause__ = two\n"
        "raise ExceptionGroup('both', [one, ExceptionGroup('in', [two])])"
    )

    error: Any = raised_by(on(), source)

    assert str(error) == "both (2 sub-exceptions)"
    assert error.exceptions[0].__cause__ is error.exceptions[1].exceptions[0]


@pytest.mark.parametrize("source", ["raise SystemExit(3)", "raise GeneratorExit"])
def test_an_exit_is_an_exception_like_any_other(on: Callable[..., Portable], source: str) -> None:
    error = raised_by(on(), source)

    assert type(error).__name__ in source


def test_an_interrupt_there_does_not_end_the_session_here(on: Callable[..., Portable]) -> None:
    error = raised_by(on(), "raise KeyboardInterrupt('there')")

    assert isinstance(error, PortabilityError)
    assert error.verdict.problems[0].code == "early-exit"
    assert "KeyboardInterrupt" in error.verdict.problems[0].message
    assert isinstance(error.__cause__, KeyboardInterrupt)


class BoomError(Exception):
    """Loses an argument on the way, as so many do."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class WrappedError(Exception):
    """Grows with every trip."""

    def __init__(self, text: str) -> None:
        super().__init__(f"wrapped {text}")


class LockedError(Exception):
    """Holds what cannot be dumped."""

    def __init__(self) -> None:
        super().__init__("locked")
        self.held = {"lock": threading.Lock()}


class PlainError(Exception):
    """Travels as it is."""


class StubbornError(Exception):
    """Refuses to be changed."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


def raise_it(kind: type[Exception], *args: object) -> None:
    raise kind(*args)


def raise_from(kind: type[Exception], cause: type[Exception], *args: object) -> None:
    raise kind("outer") from cause(*args)


def raise_from_stubborn(kind: type[Exception]) -> None:
    raise kind("no") from KeyError("k")


@pytest.fixture
def by_value(on: Callable[..., Portable]) -> Iterator[Portable]:
    """Send the definitions of this file inside the payload: the target does not have them."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield on(serializer="cloudpickle")
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_a_class_of_the_test_comes_back_as_that_class(by_value: Portable) -> None:
    with pytest.raises(PlainError, match="here I am") as caught:
        by_value.call(raise_it, PlainError, "here I am")

    assert type(caught.value) is PlainError


def test_an_exception_that_refuses_attributes_is_completed_all_the_same(
    by_value: Portable,
) -> None:
    with pytest.raises(StubbornError) as caught:
        by_value.call(raise_from_stubborn, StubbornError)

    assert isinstance(caught.value.__cause__, KeyError)
    assert "raised in" in caught.value.__notes__[-1]


@pytest.mark.parametrize(
    ("kind", "args", "words", "path"),
    [
        pytest.param(
            BoomError, (7, "seven"), "BoomError wants other arguments", "obj()", id="arguments"
        ),
        pytest.param(WrappedError, ("x",), "came back changed: args", "obj().args", id="changed"),
        pytest.param(LockedError, (), "is a _thread.lock", "obj().held['lock']", id="lock"),
    ],
)
def test_what_cannot_come_back_says_why(
    by_value: Portable, kind: type[Exception], args: tuple[object, ...], words: str, path: str
) -> None:
    with pytest.raises(PortabilityError) as caught:
        by_value.call(raise_it, kind, *args)

    (problem,) = caught.value.verdict.problems
    assert (problem.code, problem.stage) == ("exception-not-portable", "return")
    assert kind.__name__ in problem.message
    assert words in problem.message
    assert problem.path == path
    assert "in raise_it" in problem.evidence


def test_a_cause_that_cannot_come_back_does_not_hide_the_exception(by_value: Portable) -> None:
    with pytest.raises(PlainError, match="outer") as caught:
        by_value.call(raise_from, PlainError, BoomError, 7, "seven")

    assert caught.value.__cause__ is None
    assert any("cannot come back" in note for note in caught.value.__notes__)


def test_a_class_that_only_the_target_has_is_named(on: Callable[..., Portable]) -> None:
    source = (
        "import sys, types\nlib = types.ModuleType('only_there')\nsys.modules['only_there'] = lib\n"
        "lib.Boom = type('Boom', (Exception,), {'__module__': 'only_there'})\nraise lib.Boom('no')"
    )

    error = raised_by(on(), source)

    assert isinstance(error, PortabilityError)
    (problem,) = error.verdict.problems
    assert (problem.code, problem.module) == ("exception-not-portable", "only_there")
    assert "its module only_there is not importable here" in problem.message
    assert problem.remedies[0].text.startswith("raise what both sides have")


def test_an_import_that_fails_there_says_what_would_bring_it(session: Session) -> None:
    error = raised_by(portable_on(session, Leg()), "import pluggy.hooks")

    assert isinstance(error, ModuleNotFoundError)
    assert error.name == "pluggy"
    assert error.__notes__[0].startswith("raised in py3")
    assert error.__notes__[1].startswith("missing-distribution: ")
    assert error.__notes__[1].endswith('; fix: deps=[..., "pluggy"]')


@pytest.mark.parametrize(
    ("expression", "path", "word"),
    [
        ("(i for i in 'ab')", "obj()", "generator"),
        ("{'rows': [1, {}.keys()]}", "obj()['rows'][1]", "dict_keys"),
    ],
)
def test_a_result_that_cannot_be_dumped_is_placed(
    on: Callable[..., Portable], expression: str, path: str, word: str
) -> None:
    with pytest.raises(PortabilityError) as caught:
        on().call(eval, expression)

    (problem,) = caught.value.verdict.problems
    assert (problem.code, problem.stage) == ("result-not-portable", "return")
    assert problem.path == path
    assert word in problem.message
    assert "list(...)" in problem.remedies[0].text


def test_a_result_of_a_class_that_only_the_target_has_is_placed(
    on: Callable[..., Portable],
) -> None:
    source = (
        "exec('''import sys, types\nlib = types.ModuleType('only_there')\n"
        "sys.modules['only_there'] = lib\n"
        "exec('class Thing: pass', lib.__dict__)\nlib.Thing.__module__ = 'only_there'\n''') or "
        "{'k': [__import__('only_there').Thing()]}"
    )

    with pytest.raises(PortabilityError) as caught:
        on().call(eval, source)

    (problem,) = caught.value.verdict.problems
    assert (problem.path, problem.module) == ("obj()['k'][0]", "only_there")
    assert problem.message.startswith("came back in a dict and cannot be loaded here")
    assert "not importable here" in problem.message
    assert problem.remedies[0].text.startswith("have only_there here too, or return")
