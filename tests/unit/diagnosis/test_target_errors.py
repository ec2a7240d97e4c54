"""What an exception of the target says is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_portable.agent.records import Frame, TargetError
from pytest_portable.diagnosis.target_errors import Failure, Lack, chain_of, frames_of, lack_in
from support.judging import described

IMPORT = ("ImportError", "Exception", "BaseException", "object")
NO_MODULE = ("ModuleNotFoundError", *IMPORT)
ATTRIBUTE = ("AttributeError", "Exception", "BaseException", "object")


def told(
    message: str,
    bases: tuple[str, ...] = IMPORT,
    name: str | None = None,
    about: tuple[str, str, str] | None = None,
    **more: Any,
) -> TargetError:
    return TargetError(bases[0], "builtins", message, "", bases, name, about, **more)


def frame(module: str, function: str = "<module>", file: str = "x.py") -> Frame:
    return Frame(file, 1, function, module)


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        pytest.param(told("No module named 'a.b'", NO_MODULE, "a.b"), ("a.b", ""), id="module"),
        pytest.param(
            told("cannot import name 'f' from 'a.b' (/x.py)", name="a.b"), ("a.b", "f"), id="name"
        ),
        pytest.param(
            told("cannot import name 'f' from partially initialized module 'a' (circle)"),
            ("a", "f"),
            id="circle",
        ),
        pytest.param(
            told("Missing optional dependency 'py-arrow'. Use pip or conda."),
            ("py_arrow", ""),
            id="optional",
        ),
        pytest.param(told("Please `pip install some-thing`"), ("some_thing", ""), id="install"),
        pytest.param(
            told("Can't get attribute 'F.g' on <module 'a' from 'a.py'>", ATTRIBUTE),
            ("a", "F.g"),
            id="attribute",
        ),
        pytest.param(
            told("module 'a' has no attribute 'f'", ATTRIBUTE), ("a", "f"), id="module-attribute"
        ),
        pytest.param(
            told("odd words", ATTRIBUTE, "f", ("module", "a", "")), ("a", "f"), id="about-a-module"
        ),
    ],
)
def test_what_is_not_there_is_read_off(error: TargetError, lack: tuple[str, str]) -> None:
    found = lack_in(error)

    assert found is not None
    assert (found.module, found.name) == lack
    assert found.evidence == f"{error.bases[0]}: {error.message}"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(told("it failed"), id="an-import-that-says-nothing"),
        pytest.param(told("odd words", ATTRIBUTE, "f", ("class", "a", "F")), id="of-a-class"),
        pytest.param(told("odd words", ATTRIBUTE, None, ("module", "a", "")), id="without-name"),
        pytest.param(
            told("No module named 'a'", ("ValueError", "object"), "a"), id="no-import-error"
        ),
        pytest.param(
            told(
                "other", ("ValueError", "object"), cause=told("No module named 'a'", NO_MODULE, "a")
            ),
            id="behind-an-error-of-another-kind",
        ),
    ],
)
def test_what_says_nothing_is_no_lack(error: TargetError) -> None:
    assert lack_in(error) is None


def test_an_import_that_failed_is_explained_by_the_one_before() -> None:
    inner = told("No module named 'a'", NO_MODULE, "a")
    outer = told("b cannot be used", cause=inner)

    found = lack_in(outer)

    assert found is not None
    assert (found.module, found.error) == ("a", outer)
    assert list(chain_of(outer)) == [outer, inner]


@pytest.mark.parametrize(
    ("frames", "who"),
    [
        ((), ("", "")),
        ((frame("b"),), ("b", "")),
        ((frame("b"), frame("c", "make")), ("", "c.make")),
        ((frame("b"), frame("pickle", "load"), frame("importlib._bootstrap")), ("b", "")),
        ((frame("b"), frame("x", file="<frozen importlib._bootstrap>")), ("b", "")),
    ],
)
def test_who_asked_for_it_is_the_innermost_frame_that_is_no_machinery(
    frames: tuple[Frame, ...], who: tuple[str, str]
) -> None:
    found = lack_in(told("No module named 'a'", NO_MODULE, "a", frames=frames))

    assert found is not None
    assert (found.importer, found.user) == who


def test_frames_are_typed_and_know_their_function() -> None:
    error = described(ValueError("x"), frames=(frame("pickle", "load"), frame("m", "A.f.<g>.h")))

    (last,) = frames_of(error)
    assert (last.module, last.name) == ("m", "h")


def test_a_long_message_is_cut_to_a_line() -> None:
    failure = Failure(described(ValueError("word\n" * 99)))

    assert failure.said.startswith("ValueError: word\nword")
    assert failure.summary.startswith("ValueError: word word")
    assert failure.summary.endswith("...")
    assert len(failure.summary) == 240
    assert Failure(described(ValueError("a\n b"))).summary == "ValueError: a b"


def test_a_lack_is_named_as_a_person_would() -> None:
    lack = Lack("a.b", "f")

    assert (lack.what, lack.top, lack.evidence) == ("a.b.f", "a", "")
    assert replace(lack, name="", wanted="g").what == "a.b.g"
    assert Lack("a").what == "a"
