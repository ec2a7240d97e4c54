"""A failure becomes problems: what raised comes first, then everything else that is wrong."""

from __future__ import annotations

import collections
import fractions
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.descriptions import Definition
from pytest_portable.agent.records import Asked, Frame
from pytest_portable.diagnosis import explain_call, explain_load, take_census
from pytest_portable.diagnosis.ask_target import Census
from support.judging import (
    Answers,
    context,
    described,
    evidences,
    failed,
    noted,
    sent,
    side,
    transcript,
)
from unit.payload.truth import define

if TYPE_CHECKING:
    from pytest_portable.agent.records import TargetError
    from pytest_portable.diagnosis import Evidence
    from pytest_portable.verdict import Problem

OLD = side("3.8.1")


class Broken:
    """Stands for a class of the user's."""


def evidence_of(  # noqa: PLR0913 - what a target may say
    obj: object = None,
    *,
    census: Census | None = None,
    error: BaseException | TargetError | None = None,
    words: tuple[str, ...] = (),
    asked: tuple[tuple[str, str, int], ...] = (),
    control: Answers | None = None,
    **keys: Any,
) -> Evidence:
    """Return evidence of a target that says this; it breaks alike when it is asked again."""
    known = context([1] if obj is None else obj, **keys)
    broken = () if error is None else (failed(error),)
    again = transcript(*((Asked(asked),) if asked else ()), noted(2, *words), *broken)
    questions = Answers(census=census or Census(), blame=again)
    run = transcript(*broken)
    return evidences(known, sent(known), run, questions=questions, control=control)()


def load(error: BaseException | TargetError, obj: object = None, **keys: Any) -> list[Problem]:
    told = described(error) if isinstance(error, BaseException) else error
    return explain_load(told, evidence_of(obj, error=told, **keys))


def no_module(name: str, **changes: Any) -> TargetError:
    return described(ModuleNotFoundError(f"No module named {name!r}", name=name), **changes)


# What is missing


def test_a_distribution_that_nobody_declared_is_named() -> None:
    (problem,) = load(
        no_module("pytest"), pytest.Item, census=Census(modules={"_pytest.nodes": None})
    )

    assert (problem.code, problem.distribution) == ("missing-distribution", "pytest")
    assert problem.remedies[0].text == 'deps=[..., "pytest"]'


def test_the_payloads_own_reference_says_more_than_the_error() -> None:
    missing = no_module("module_of_nobody")
    census = Census(modules={"fractions": missing})

    (problem,) = load(missing, {"f": fractions.Fraction}, census=census)

    assert (problem.code, problem.module, problem.path) == (
        "missing-module",
        "module_of_nobody",
        "obj['f']",
    )


def test_a_name_that_is_not_there_is_a_problem_and_one_that_was_not_asked_for_is_none() -> None:
    obj = [fractions.Fraction, collections.deque]
    known = Definition("class")
    census = Census(
        modules={"fractions": None, "collections": None}, names={("fractions", "Fraction"): None}
    )
    there = Census(
        modules={"fractions": None, "collections": None}, names={("fractions", "Fraction"): known}
    )

    (problem,) = take_census(evidence_of(obj, census=census, reader=OLD))

    assert (problem.code, problem.path) == ("stdlib-version", "obj[0]")
    assert "fractions.Fraction is not in the standard library of Python 3.8.1" in problem.message
    assert take_census(evidence_of(obj, census=there, reader=OLD)) == []
    assert take_census(evidence_of(obj, census=Census(), reader=OLD)) == []


def test_other_things_that_are_missing_come_after_what_raised() -> None:
    census = Census(
        modules={"fractions": None, "collections": None},
        names={("fractions", "Fraction"): None, ("collections", "deque"): None},
    )
    error = described(
        AttributeError("Can't get attribute 'deque' on <module 'collections' from 'x'>")
    )

    found = load(error, [fractions.Fraction, collections.deque], census=census, reader=OLD)

    assert [problem.module for problem in found] == ["collections", "fractions"]
    assert found[0].evidence.startswith("AttributeError: Can't get attribute")


def test_an_import_that_code_makes_later_is_a_problem_of_the_call() -> None:
    function = define("def f():\n    import only_here\n", "f")
    census = Census(located={"only_here": False})
    there = Census(located={"only_here": True})

    (problem,) = take_census(evidence_of({"f": function}, census=census, serializer="cloudpickle"))

    assert (problem.stage, problem.path, problem.module) == ("call", "obj['f']", "only_here")
    assert take_census(evidence_of({"f": function}, census=there, serializer="cloudpickle")) == []


def test_a_swallowed_import_is_the_cause_where_it_succeeds_here() -> None:
    outer = described(RuntimeError("no engine"))
    cause = no_module("pytest")
    other = no_module("module_of_nobody")

    (problem,) = load(replace(outer, cause=cause))
    (plain,) = load(replace(outer, cause=other))

    assert (problem.code, problem.distribution) == ("missing-distribution", "pytest")
    assert problem.evidence == "RuntimeError: no engine"
    assert plain.code == "load-hook"


# What raised by itself


def test_a_hook_that_raised_is_placed_by_the_second_run() -> None:
    error = described(ValueError("odd"), frames=(Frame("m.py", 7, "Broken.__setstate__", "m"),))

    (problem,) = load(error, words=("BUILD", "m", "Broken", "", "", "__setstate__"))

    assert (problem.code, problem.module) == ("load-hook", "m")
    assert problem.message == "m.Broken.__setstate__ raised ValueError: odd"
    assert problem.evidence == "ValueError: odd (m.py:7)"


def test_where_it_loads_nowhere_that_is_said() -> None:
    broken = Answers(load=transcript(failed(ValueError("odd"))))

    (problem,) = load(ValueError("odd"), control=broken)

    assert problem.message.endswith("it cannot be loaded here either, in a fresh process")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Broken.__new__() missing 1 required positional argument: 'x'", "__getnewargs__"),
        ("__init__() missing 2 required positional arguments: 'x' and 'y'", "super().__init__()"),
        ("something else", ""),
    ],
)
def test_a_hook_gets_a_remedy_by_what_it_says(message: str, words: str) -> None:
    (problem,) = load(TypeError(message))

    assert bool(problem.remedies) is bool(words)
    assert words in "".join(remedy.text for remedy in problem.remedies)


def test_a_recursion_names_who_calls_itself() -> None:
    frames = (Frame("m.py", 1, "A.__getattr__", "m"),)

    (problem,) = load(described(RecursionError("too deep"), frames=frames))

    assert problem.code == "recursion"
    assert problem.message.endswith(": __getattr__")
    assert "AttributeError" in problem.remedies[0].text


def test_another_version_is_at_fault_where_it_has_another_definition() -> None:
    error = described(AttributeError("odd"), about=("instance", "_pytest.nodes", "Item"), name="x")
    there = {"pytest": "1.0"}

    (problem,) = load(error, pytest.Item, distributions=there)
    (same,) = load(error, pytest.Item, distributions={"pytest": version("pytest")})

    assert (problem.code, problem.distribution) == ("version-skew", "pytest")
    assert "the code there reads 'x'" in problem.message
    assert same.code == "load-hook"


def test_code_that_travelled_without_a_global_is_named() -> None:
    function = define("def f():\n    return TABLE\n", "f")
    code = function.__code__
    frames = (Frame(code.co_filename, code.co_firstlineno + 1, "f", "m"),)
    error = described(NameError("name 'TABLE' is not defined"), frames=frames)
    evidence = evidence_of({"f": function}, serializer="cloudpickle")

    (problem,) = explain_call(error, evidence)
    (elsewhere,) = explain_call(
        described(NameError("name 'TABLE' is not defined"), frames=(Frame("x.py", 1, "f", "m"),)),
        evidence,
    )

    assert (problem.code, problem.path) == ("main-reference", "obj['f'].__globals__['TABLE']")
    assert elsewhere.code == "call-error"


# Surroundings


def test_a_variable_that_is_not_set_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLAINED", "1")
    frames = (Frame("m.py", 1, "f", "m"), Frame("os.py", 2, "_Environ.__getitem__", "os"))

    (problem,) = load(described(KeyError("EXPLAINED"), frames=frames))
    (other,) = load(described(KeyError("EXPLAINED"), frames=frames[:1]))

    assert problem.code == "environment-dependency"
    assert problem.message.startswith("m.f reads the environment variable EXPLAINED")
    assert problem.message.endswith("it is set here")
    assert other.code == "load-hook"


@pytest.mark.parametrize(
    ("is_there", "code"), [(True, "environment-dependency"), (False, "load-hook")]
)
def test_a_variable_that_was_asked_for_before_may_be_why(
    monkeypatch: pytest.MonkeyPatch, code: str, *, is_there: bool
) -> None:
    if is_there:
        monkeypatch.setenv("EXPLAINED", "1")
    asked = (("variable", "EXPLAINED", 2),)

    (problem,) = load(RuntimeError("set EXPLAINED first"), asked=asked)

    assert problem.code == code


def test_a_file_that_is_not_there_is_named() -> None:
    error = described(FileNotFoundError(2, "No such file", "data.csv"))
    denied = described(PermissionError(13, "Permission denied", os.devnull))

    (missing,) = load(error)
    (refused,) = load(denied)
    (nameless,) = load(FileNotFoundError("no file"))

    assert "does not find the file data.csv: a relative path" in missing.message
    assert f"may not use the file {os.devnull}; it is there on the host" in refused.message
    assert nameless.code == "load-hook"


@pytest.mark.parametrize(
    ("asked", "code"),
    [((("connected", "db:5432", 1),), "environment-dependency"), ((), "load-hook")],
)
def test_a_server_that_does_not_answer_is_named(
    asked: tuple[tuple[str, str, int], ...], code: str
) -> None:
    (problem,) = load(ConnectionRefusedError("refused"), asked=asked)

    assert problem.code == code
    assert ("connects to db:5432 while it is loaded" in problem.message) is bool(asked)


def test_an_entry_point_of_what_is_not_installed_there_is_named() -> None:
    frames = (Frame("m.py", 1, "f", "m"),)
    error = described(LookupError("nothing in the group pytest11"), frames=frames)
    asked = (("entry points", "pytest11", 1),)

    (problem,) = load(error, asked=asked)
    (unasked,) = load(error)

    assert problem.code == "environment-dependency"
    assert "in the group 'pytest11'" in problem.message
    assert unasked.code == "load-hook"


# Other systems and other Pythons


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotImplementedError("cannot instantiate 'PosixPath' on your system"), "pathlib.PosixPath"),
        (LookupError("No time zone found with key Europe/Oslo"), "time zone Europe/Oslo"),
        (ImportError("libx.so.3: cannot open shared object file"), "a library of the system"),
    ],
)
def test_what_the_system_there_has_not_is_named(error: Exception, words: str) -> None:
    (problem,) = load(error)

    assert problem.code == "platform"
    assert words in problem.message


def test_an_attribute_of_a_standard_class_is_a_matter_of_the_python() -> None:
    error = described(
        AttributeError("no removeprefix"),
        about=("instance", "builtins", "str"),
        name="removeprefix",
    )

    (problem,) = load(error, reader=OLD)
    (same,) = load(error)

    assert problem.code == "stdlib-version"
    assert problem.message.startswith("str.removeprefix is not in Python 3.8.1 (since Python 3.9)")
    assert same.code != "stdlib-version"


def test_an_old_python_says_the_owner_in_words_only() -> None:
    (problem,) = load(AttributeError("'str' object has no attribute 'removeprefix'"), reader=OLD)

    assert (problem.code, problem.module) == ("stdlib-version", "builtins")


def test_a_standard_function_that_refuses_another_pythons_state_is_named() -> None:
    words = ("REDUCE", "fractions", "Fraction")

    (problem,) = load(TypeError("odd"), fractions.Fraction(1, 3), words=words, reader=OLD)

    assert (problem.code, problem.module) == ("stdlib-version", "fractions")
    assert "fractions.Fraction of Python 3.8.1 refuses what" in problem.message


def test_paths_lead_to_a_reference() -> None:
    evidence = evidence_of({"p": PurePath, "d": [collections.deque]})

    assert evidence.paths_of("collections") == ["obj['d'][0]"]
    assert evidence.paths_of("collections", "deque") == ["obj['d'][0]"]
    assert evidence.paths_of("collections", "Counter") == []
