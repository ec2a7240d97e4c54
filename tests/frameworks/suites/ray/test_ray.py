"""Ray users: what tasks, actors and their arguments go through."""

from __future__ import annotations

import sys

import labpkg
import numpy as np
import pytest
import ray
from ray.exceptions import RayTaskError

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
FACTOR = 3


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def scale(numbers):
    found = 0
    for number in numbers:
        found += FACTOR * number
    return found


@pytest.mark.portable(serializer="ray")
def test_data_and_importable_things_go_by_reference(portable):
    assert portable({"a": (1, 2)}, probe="obj['a'][1]").target.distributions["ray"]
    verdict = portable.check(labpkg.Reading(1))
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])


@pytest.mark.portable(serializer="ray", as_main=True)
def test_what_a_script_defines_goes_by_value_with_its_globals(portable):
    assert portable.call(scale, [1, 2]) == 9


@pytest.mark.portable(serializer="ray", by_value=["labpkg"])
def test_by_value_goes_through_rays_own_registry(portable):
    assert portable.call(labpkg.with_helper, 2) == 4
    assert portable.check(labpkg.Reading(1), probe="obj.value").portable


@pytest.mark.portable(serializer="ray", python=OTHER, as_main=True)
def test_code_for_another_python_is_refused(portable):
    verdict = portable.check(scale)
    assert codes(verdict) == ["bytecode-version"]
    assert portable.check([1, 2]).portable


@pytest.mark.portable(serializer="ray", python=OTHER, as_main=True, allow_bytecode=True)
def test_code_for_another_python_crashes(portable):
    with pytest.raises(AssertionError):
        portable.call(scale, [1, 2])
    assert portable.verdicts[-1].stage == "call"


@pytest.mark.portable(serializer="ray", install_serializer=False, as_main=True)
def test_a_worker_without_ray_is_told(portable):
    verdict = portable.check(scale)
    assert (verdict.stage, codes(verdict)) == ("load", ["serializer-missing"])
    assert verdict.problems[0].distribution == "ray"


@pytest.mark.portable(serializer="ray", as_main=True)
def test_classes_of_the_script_stay_as_they_are_here(portable):
    before = Counter.__init__
    verdict = portable(Counter(2), probe="obj.total([1, 2])")
    assert verdict.portable
    assert Counter.__init__ is before
    assert {"_make_skeleton_class"} <= {
        reference.qualname for reference in portable.inspect(Counter(1)).references
    }


class Counter:
    def __init__(self, step):
        self.step = step

    def total(self, numbers):
        return sum(self.step * number for number in numbers)


@ray.remote
def scale_there(numbers):
    return scale(numbers)


@pytest.mark.portable(serializer="ray", as_main=True)
def test_a_remote_function_runs_as_its_own_function(portable):
    assert portable.call(scale_there, [1, 2]) == 9
    assert portable.call(divmod, 7, 2) == (3, 1)


@pytest.mark.portable(serializer="ray")
def test_an_exception_is_of_rays_class_and_its_own(portable):
    with pytest.raises(ZeroDivisionError) as caught:
        portable.call(divmod, 1, 0)
    assert isinstance(caught.value, RayTaskError)
    assert portable.verdicts[-1].portable


def fail_with_a_lock():
    import threading

    error = ValueError("held")
    error.lock = threading.Lock()
    raise error


@pytest.mark.portable(serializer="ray", as_main=True)
def test_an_exception_that_cannot_be_pickled_is_lost(portable):
    with pytest.raises(AssertionError):
        portable.call(fail_with_a_lock)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["exception-not-portable"])
    assert "isn't serializable" in " ".join(str(verdict).split())


def worker_only():
    import sys
    import types

    module = types.ModuleType("worker_only")
    exec("class Broken(Exception):\n    pass\nBroken.__module__ = 'worker_only'\n", vars(module))
    sys.modules["worker_only"] = module
    raise module.Broken("no signal")


@pytest.mark.portable(serializer="ray", as_main=True)
def test_an_exception_class_of_the_worker_only_is_told(portable):
    with pytest.raises(AssertionError):
        portable.call(worker_only)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["exception-not-portable"])


class Keyed(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")


def fail_with_two():
    raise Keyed(4, "lost")


@pytest.mark.portable(serializer="ray", as_main=True)
def test_why_an_exception_cannot_be_loaded_is_said_with_its_remedy(portable):
    """Ray itself keeps but the text of where it was raised."""
    with pytest.raises(AssertionError):
        portable.call(fail_with_two)
    (problem,) = portable.verdicts[-1].problems
    assert (problem.code, problem.path) == ("exception-not-portable", "obj()")
    assert "missing 1 required positional argument: 'text'" in problem.message
    assert "__reduce__" in problem.remedies[0].text


def add_one(array, *others, more=None):
    array += 1
    return array.sum()


def first_of(numbers):
    return (2 * number for number in numbers)


def each_of(numbers):
    for number in numbers:
        yield 2 * number


@pytest.mark.portable(serializer="ray", as_main=True, deps=["numpy"])
@pytest.mark.parametrize(
    "arguments", [{"array": np.ones(3)}, {"array": np.ones((2, 3), order="F")}]
)
def test_nobody_writes_into_an_array_of_the_object_store(portable, arguments):
    with pytest.raises(ValueError, match="read-only"):
        portable.call(add_one, **arguments)
    assert portable.call(np.sum, arguments["array"]) == arguments["array"].sum()


@pytest.mark.portable(serializer="ray", as_main=True)
def test_a_generator_gives_its_first_element(portable):
    assert portable.call(first_of, [1, 2]) == 2
    assert portable.call(each_of, [1, 2]) == [2, 4]


@pytest.mark.portable(serializer="ray", as_main=True)
def test_a_big_function_is_noted(portable):
    big = bytes(11_000_000)

    def holds():
        return len(big)

    assert portable.call(holds) == len(big)
    assert [note.code for note in portable.verdicts[-1].notes] == ["too-large"]


@pytest.mark.portable(serializer="ray", python=OTHER)
def test_a_worker_of_another_python_is_told(portable):
    assert portable.call(divmod, 7, 2) == (3, 1)
    notes = [note.message for note in portable.verdicts[-1].notes]
    assert any("Ray refuses to connect" in note for note in notes)


@pytest.mark.portable(serializer="ray")
def test_a_missing_argument_class_is_told(portable):
    with pytest.raises(AssertionError):
        portable.call(len, [labpkg.Reading(1)])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].path == "args[0][0]"


@pytest.mark.portable(serializer="ray", options={"protocols": 5})
def test_unknown_option(portable):
    pass
