"""Each diagnosis in both directions: what gets it, and the near miss that passes.

All of them on bare environments: nothing is downloaded.
"""

from __future__ import annotations

import collections
import ctypes
import functools
import os
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pluggy import HookimplMarker

from pytest_portable.engine.session import Session
from pytest_portable.errors import PortabilityError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.verdict import Problem

OTHER = next(minor for minor in ("3.12", "3.11") if minor != f"3.{sys.version_info[1]}")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("codes")
    made = Session(root=folder, cache_dir=folder / "cache")
    yield made
    made.close()


@pytest.fixture
def on(session: Session) -> Callable[..., Portable]:
    """Give what checks on a bare environment; keys of the leg by name."""

    def make(**given: Any) -> Portable:
        keys: dict[str, Any] = {"timeout_seconds": 20.0, "test": "tests/plugin/test_codes.py::test"}
        return portable_on(session, Leg(**{**keys, **given}))

    return make


def only(portable: Portable, obj: object, **given: Any) -> Problem:
    """Give the one problem of an object that is not portable."""
    verdict = portable.check(obj, **given)
    assert not verdict.portable
    assert len(verdict.problems) == 1, str(verdict)
    assert verdict.stage == verdict.problems[0].stage
    return verdict.problems[0]


class Evaluates:
    """Loads as what an expression gives."""

    def __init__(self, expression: str) -> None:
        self.expression = expression

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.expression,)


class OfThisFile:
    """Lives in a test file, which no target has."""


def local_module(folder: Path, name: str) -> Any:
    """Import a module from a folder that belongs to no distribution."""
    (folder / f"{name}.py").write_text("class Thing:\n    pass\n", "utf-8")
    sys.path.insert(0, str(folder))
    try:
        return __import__(name)
    finally:
        sys.path.remove(str(folder))


# unserializable


def test_unserializable_names_the_leaf(on: Callable[..., Portable]) -> None:
    problem = only(on(), {"ok": [1], "bad": (2, {"lock": threading.Lock()})})

    assert (problem.code, problem.stage) == ("unserializable", "dump")
    assert problem.path == "obj['bad'][1]['lock']"
    assert "_thread.lock" in problem.message


def test_what_leaves_its_lock_behind_is_serializable(on: Callable[..., Portable]) -> None:
    assert on()({"ok": [1], "bad": (2, {"lock": None})})


# missing-distribution, missing-module, test-module-reference


def test_missing_distribution_names_what_to_declare(on: Callable[..., Portable]) -> None:
    problem = only(on(), {"marker": HookimplMarker("x")})

    assert (problem.code, problem.stage) == ("missing-distribution", "load")
    assert (problem.module or "").startswith("pluggy")
    assert problem.distribution == "pluggy"
    assert problem.path == "obj['marker']"
    assert '"pluggy"' in problem.remedies[0].text


def test_a_distribution_that_is_there_is_not_missing(on: Callable[..., Portable]) -> None:
    as_is = on(python=sys.executable, deps=None)

    assert as_is({"marker": HookimplMarker("x")})


def test_missing_module_says_where_it_lives_here(
    on: Callable[..., Portable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = local_module(tmp_path, "module_beside_the_project")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    problem = only(on(), [module.Thing()])

    assert (problem.code, problem.stage) == ("missing-module", "load")
    assert (problem.module, problem.distribution) == ("module_beside_the_project", None)
    assert problem.path == "obj[0]"
    assert str(tmp_path) in problem.message


def test_a_module_sent_by_value_is_not_missing(
    on: Callable[..., Portable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cloudpickle

    module = local_module(tmp_path, "module_sent_by_value")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    cloudpickle.register_pickle_by_value(module)
    try:
        assert on(serializer="cloudpickle")([module.Thing()], equal=lambda a, b: len(a) == len(b))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def test_test_module_reference_says_that_the_file_stays_here(
    on: Callable[..., Portable],
) -> None:
    problem = only(on(), {"a": OfThisFile()})

    assert (problem.code, problem.stage) == ("test-module-reference", "load")
    assert problem.module == __name__
    assert problem.path == "obj['a']"


def test_a_class_inside_a_test_travels_by_value(on: Callable[..., Portable]) -> None:
    class Inside:
        def __eq__(self, other: object) -> bool:
            return type(other) is Inside

        __hash__ = None  # type: ignore[assignment]

    assert on(serializer="cloudpickle")({"a": Inside()})


# serializer-missing


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_serializer_missing_names_the_runtime(on: Callable[..., Portable], serializer: str) -> None:
    verdict = on(serializer=serializer, install_serializer=False).check(lambda: 1)

    problem = verdict.problems[0]
    assert (problem.code, problem.stage) == ("serializer-missing", "load")
    assert problem.distribution == serializer


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_plain_data_needs_no_runtime(on: Callable[..., Portable], serializer: str) -> None:
    assert on(serializer=serializer, install_serializer=False)({"a": [1, 2]})


# bytecode-version, protocol-too-new


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_bytecode_of_another_python_is_refused_before_it_is_loaded(
    on: Callable[..., Portable], serializer: str
) -> None:
    verdict = on(serializer=serializer, python=OTHER).check({"f": [lambda n: n + 1 if n else 0]})

    assert verdict.problems[0].code == "bytecode-version"
    assert (verdict.stage, verdict.problems[0].path) == ("inspect", "obj['f'][0]")


def test_bytecode_of_this_python_runs(on: Callable[..., Portable]) -> None:
    assert on(serializer="cloudpickle").call(lambda n: n + 1 if n else 0, 2) == 3


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_a_class_without_a_function_loads_on_another_python(
    on: Callable[..., Portable], serializer: str
) -> None:
    limits = type("Limits", (), {"__module__": "__main__", "most": 3})

    portable = on(serializer=serializer, python=OTHER, round_trip=False)
    portable([limits], probe="obj[0].most == 3 or 1 / 0")


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_a_class_with_a_function_is_bytecode(on: Callable[..., Portable], serializer: str) -> None:
    members = {"__module__": "__main__", "most": 3, "read": lambda self: self.most}
    limits = type("Limits", (), members)

    verdict = on(serializer=serializer, python=OTHER).check([limits])

    assert (verdict.problems[0].code, verdict.problems[0].path) == ("bytecode-version", "obj[0]")


def test_a_function_by_reference_runs_on_another_python(on: Callable[..., Portable]) -> None:
    portable = on(serializer="cloudpickle", python=OTHER)

    assert portable.call(functools.reduce, max, [3, 5, 4]) == 5


def test_protocol_too_new_is_found_in_a_payload_of_a_newer_python(
    on: Callable[..., Portable],
) -> None:
    verdict = on(round_trip=False).check_payload(b"\x80\x63K\x01.")

    assert [problem.code for problem in verdict.problems] == ["protocol-too-new"]
    assert "pickle protocol 99" in verdict.problems[0].message
    assert verdict.stage == "inspect"


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_every_protocol_that_the_target_reads_travels(
    on: Callable[..., Portable], protocol: int
) -> None:
    assert on(protocol=protocol)({"a": [1, 2.5, "x", b"y"]})


# crash, timeout, early-exit


@pytest.mark.parametrize(
    ("expression", "code", "words"),
    [
        ("__import__('ctypes').string_at(0)", "crash", "SIGSEGV"),
        ("__import__('os').abort()", "crash", "SIGABRT"),
        ("__import__('os')._exit(0)", "early-exit", "status 0"),
        ("__import__('os')._exit(7)", "early-exit", "status 7"),
    ],
)
def test_a_process_that_ends_is_a_problem_of_the_step(
    on: Callable[..., Portable], expression: str, code: str, words: str
) -> None:
    problem = only(on(round_trip=False), Evaluates(expression))

    assert (problem.code, problem.stage) == (code, "load")
    assert words in problem.message


def test_a_function_that_crashes_is_a_problem_of_the_call(on: Callable[..., Portable]) -> None:
    with pytest.raises(PortabilityError) as caught:
        on().call(ctypes.string_at, 0)

    problem = caught.value.verdict.problems[0]
    assert (problem.stage, problem.code, problem.path) == ("call", "crash", "obj")


def test_a_crash_that_was_caught_is_none(on: Callable[..., Portable]) -> None:
    verdict = on(round_trip=False).check(Evaluates("__import__('signal').Signals(11).value"))
    assert [problem.code for problem in verdict.problems] == ["mismatch"]  # it became a number


def test_timeout_says_how_long_and_at_which_step(on: Callable[..., Portable]) -> None:
    with pytest.raises(PortabilityError) as caught:
        on(timeout_seconds=0.5).call(time.sleep, 60)

    verdict = caught.value.verdict
    assert (verdict.stage, verdict.problems[0].code) == ("call", "timeout")
    assert verdict.problems[0].path == "obj"
    assert "0.5 s" in verdict.problems[0].message


def test_what_ends_in_time_is_no_timeout(on: Callable[..., Portable]) -> None:
    assert on(timeout_seconds=20).call(time.sleep, 0.1) is None


def test_an_exit_is_an_exception_like_any_other(on: Callable[..., Portable]) -> None:
    with pytest.raises(SystemExit) as caught:
        on().call(sys.exit, 3)

    assert caught.value.code == 3


# load-hook


def test_load_hook_names_what_raised(on: Callable[..., Portable]) -> None:
    class Broken:
        def __init__(self) -> None:
            self.x = 1

        def __setstate__(self, state: object) -> None:
            raise LookupError("no such setting")

    problem = only(on(serializer="cloudpickle"), [Broken()])

    assert (problem.code, problem.stage) == ("load-hook", "load")
    assert "__setstate__" in problem.message
    assert "no such setting" in problem.evidence


def test_a_hook_that_works_is_no_problem(on: Callable[..., Portable]) -> None:
    class Works:
        def __init__(self) -> None:
            self.x = 1

        def __setstate__(self, state: dict[str, object]) -> None:
            self.__dict__.update(state)

    assert on(serializer="cloudpickle")([Works()])


# mismatch


def make_rounding() -> Any:
    class Rounding:
        def __init__(self) -> None:
            self.kept, self.share = 1, 0.75

        def __setstate__(self, state: dict[str, float]) -> None:
            self.kept, self.share = 1, round(state["share"])

    return Rounding()


def test_mismatch_names_the_place_and_both_values(on: Callable[..., Portable]) -> None:
    problem = only(on(serializer="cloudpickle"), {"a": [make_rounding()]})

    assert (problem.code, problem.stage) == ("mismatch", "compare")
    assert problem.path == "obj['a'][0].share"
    assert problem.evidence == "0.75 went out, 1 came back"


def make_with_cache() -> Any:
    class WithCache:
        def __init__(self) -> None:
            self.kept, self._cache = 1, {"big": 2}

        def __getstate__(self) -> dict[str, object]:
            return {"kept": self.kept}

    return WithCache()


def test_a_private_attribute_that_a_class_leaves_behind_is_a_note(
    on: Callable[..., Portable],
) -> None:
    verdict = on(serializer="cloudpickle")({"a": [make_with_cache()]})

    [note] = verdict.notes
    assert (note.code, note.path) == ("mismatch", "obj['a'][0]._cache")
    assert "raises AttributeError now" in note.message


def test_a_public_attribute_that_a_class_leaves_behind_is_a_mismatch(
    on: Callable[..., Portable],
) -> None:
    obj = make_with_cache()
    obj.shown = 3

    problem = only(on(serializer="cloudpickle"), {"a": [obj]})

    assert (problem.code, problem.path) == ("mismatch", "obj['a'][0].shown")
    assert problem.message.endswith("WithCache.__getstate__ leaves shown out")
    assert problem.remedies[0].text.endswith("__getstate__ bring shown")


def test_equal_replaces_the_comparison(on: Callable[..., Portable]) -> None:
    portable = on(serializer="cloudpickle")

    assert portable(make_rounding(), equal=lambda out, back: out.kept == back.kept)
    assert only(portable, make_rounding(), equal=lambda _, __: False).code == "mismatch"


def test_a_probe_with_another_result_is_a_mismatch(on: Callable[..., Portable]) -> None:
    assert only(on(), 1, probe="__import__('os').getpid()").code == "mismatch"


def test_nan_and_cycles_are_no_mismatch(on: Callable[..., Portable]) -> None:
    cycle: list[Any] = [float("nan"), collections.Counter("abba"), re.compile("a+")]
    cycle.append(cycle)

    assert on()(cycle)


# call-error


def test_a_call_that_raises_only_there_is_an_error_of_the_call(
    on: Callable[..., Portable],
) -> None:
    def columns() -> int:
        if "_pytest" not in sys.modules:
            raise LookupError("no table is open")
        return 3

    problem = only(on(serializer="cloudpickle"), columns, probe="obj()")

    assert (problem.code, problem.stage, problem.path) == ("call-error", "call", "obj")
    assert "columns raised LookupError: no table is open there, and not here" in problem.message


def test_a_call_that_raises_on_both_sides_is_no_problem(on: Callable[..., Portable]) -> None:
    def columns() -> int:
        raise LookupError("no table is open")

    with pytest.raises(LookupError, match="no table"):
        on(serializer="cloudpickle").call(columns)


# exception-not-portable, result-not-portable


def test_exception_not_portable_says_what_to_change(on: Callable[..., Portable]) -> None:
    class Local(Exception):  # noqa: N818 - a user's exception
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"{one} and {two}")

    def fail() -> None:
        raise Local(1, 2)

    with pytest.raises(PortabilityError) as caught:
        on(serializer="cloudpickle").call(fail)

    problem = caught.value.verdict.problems[0]
    assert (problem.code, problem.stage) == ("exception-not-portable", "return")
    assert "1 and 2" in problem.message
    assert "__reduce__" in problem.remedies[0].text


def test_an_exception_that_comes_back_is_raised(on: Callable[..., Portable]) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        on().call(os.stat, "/no/such/file")

    assert caught.value.filename == "/no/such/file"
    assert "raised in py3" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda: (n for n in range(3)), id="generator"),
        pytest.param(lambda: __import__("threading").Lock(), id="lock"),
    ],
)
def test_result_not_portable_says_what_cannot_come_back(
    on: Callable[..., Portable], function: Callable[[], object]
) -> None:
    with pytest.raises(PortabilityError) as caught:
        on(serializer="cloudpickle").call(function)

    problem = caught.value.verdict.problems[0]
    assert (problem.code, problem.stage, problem.path) == ("result-not-portable", "return", "obj()")


def test_a_list_of_what_a_generator_gives_comes_back(on: Callable[..., Portable]) -> None:
    assert on(serializer="cloudpickle").call(lambda: list(range(3))) == [0, 1, 2]
