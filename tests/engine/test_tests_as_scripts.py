from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.portable import Portable

SCRIPT = """
import enum, functools

LIMIT = 10

class Point:
    def __init__(self, x):
        self.x = x

    def twice(self):
        return self.x * 2

class Color(enum.Enum):
    RED = 1

def helper(x):
    return x + LIMIT

def uses_helper(x):
    assert x is not None
    return helper(x)

def alone(x):
    import math
    return math.floor(x)

@functools.lru_cache
def cached(x):
    return x

made_before = Point(3)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("script")
    with importable(folder, {"test_script.py": SCRIPT}) as found:
        # What assertion rewriting leaves behind, which nothing but pytest could load.
        vars(found)["@pytest_ar"] = pytest
        vars(found)["@py_builtins"] = sys
        yield found


@pytest.fixture
def as_main(script: Any, on: Callable[..., Portable]) -> Callable[..., Portable]:
    def make(serializer: str, **keys: Any) -> Portable:
        test = f"{script.__file__}::test_x[py3.11]"
        return on(serializer=serializer, as_main=True, test=test, **keys)

    return make


def test_pickle_sends_what_a_script_defines_by_reference_to_main(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    verdict = as_main("pickle").check([script.made_before])

    (problem,) = verdict.problems
    assert (problem.code, problem.stage, problem.module) == ("main-reference", "load", "__main__")
    assert problem.path == "obj[0]"


@pytest.mark.parametrize("name", ["Color", "uses_helper", "cached"])
def test_everything_with_a_name_is_in_main_for_pickle(
    name: str, script: Any, as_main: Callable[..., Portable]
) -> None:
    (problem,) = as_main("pickle").check(getattr(script, name)).problems

    assert problem.code == "main-reference"


@pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
def test_definitions_travel_by_value_as_from_a_script(
    serializer: str, script: Any, as_main: Callable[..., Portable], on: Callable[..., Portable]
) -> None:
    portable = as_main(serializer)

    assert portable.check(script.made_before, probe="obj.twice()"), str(portable.verdicts[-1])
    assert portable.call(script.alone, 2.5) == 2
    without = on(serializer=serializer, test=f"{script.__file__}::test_x")
    assert [one.code for one in without.check(script.alone).problems] == ["test-module-reference"]


def test_cloudpickle_takes_globals_along_and_not_those_of_pytest(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    portable = as_main("cloudpickle")

    assert portable.call(script.uses_helper, 1) == 11
    held = {one.module for one in portable.inspect(script.uses_helper).references}
    assert held.isdisjoint({"pytest", "_pytest", "test_script"})


def test_dill_leaves_the_globals_of_a_script_behind(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    verdict = as_main("dill").check(script.uses_helper, probe="obj(1)")

    assert verdict.stage == "call"
    assert "helper" in str(verdict)


def test_dill_takes_them_along_with_recurse(script: Any, as_main: Callable[..., Portable]) -> None:
    assert as_main("dill", options={"recurse": True}).call(script.uses_helper, 1) == 11


def test_an_instance_comes_back_of_the_hosts_class(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    returned = as_main("dill").call(copy.copy, script.made_before)

    assert type(returned) is script.Point


def test_loading_changes_nothing_of_the_test_module(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    before = dict(vars(script))

    as_main("dill").check([script.uses_helper, script.Point, script.made_before])

    assert vars(script) == before


def test_a_spawned_process_has_run_the_script(
    script: Any, as_main: Callable[..., Portable]
) -> None:
    portable = as_main("multiprocessing")

    assert portable.check([script.Point(3)], probe="obj[0].twice()"), str(portable.verdicts[-1])
    back = portable.call(script.Point, 4)
    assert type(back) is script.Point
    assert as_main("multiprocessing", round_trip=False).check([script.Point(3)])


def test_a_spawned_process_lacks_what_the_script_does_not_make_there(
    script: Any, as_main: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = type("Late", (), {"__module__": script.__name__})
    monkeypatch.setattr(script, "Late", late, raising=False)

    (problem,) = as_main("multiprocessing").check([late()]).problems

    assert (problem.code, problem.path) == ("main-reference", "obj[0]")
    assert "a spawned process that runs the script" in problem.message


def test_what_names_nothing_of_the_script_does_not_run_it(
    tmp_path: Any, on: Callable[..., Portable]
) -> None:
    with importable(tmp_path, {"test_rare.py": "class A: pass\n"}):
        import test_rare  # type: ignore[import-not-found]

        test = f"{test_rare.__file__}::test_x"
        (tmp_path / "test_rare.py").write_text("import no_such_module\nclass A: pass\n")
        portable = on(serializer="multiprocessing", as_main=True, test=test)

        assert portable.check([1])
        found = portable.check([test_rare.A()]).problems
        assert "no_such_module" in found[0].message
