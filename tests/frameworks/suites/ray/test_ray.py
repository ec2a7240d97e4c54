"""Ray users: what tasks, actors and their arguments go through."""

from __future__ import annotations

import sys

import labpkg
import pytest

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
