"""Spark users: what a driver sends to its Python workers."""

from __future__ import annotations

import sys

import labpkg
import pytest
from pyspark.errors import PythonException

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
FACTOR = 3


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def scale(number):
    found = 0
    for _ in range(FACTOR):
        found += number
    return found


@pytest.mark.portable(serializer="spark", as_main=True)
def test_a_function_of_the_driver_goes_by_value(portable):
    assert portable.call(scale, 2) == 6
    assert portable(scale, probe="obj(2)").target.distributions["pyspark"]


@pytest.mark.portable(serializer="spark")
def test_a_local_module_is_missing_on_the_workers(portable):
    verdict = portable.check(labpkg.double)
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])


@pytest.mark.portable(serializer="spark", by_value=["labpkg"])
def test_by_value_goes_through_sparks_own_registry(portable):
    assert portable.call(labpkg.with_helper, 2) == 4


@pytest.mark.portable(serializer="spark", ship=["labpkg"])
def test_ship_stands_for_py_files(portable):
    assert portable.call(labpkg.with_helper, 2) == 4


@pytest.mark.portable(serializer="spark", python=OTHER, as_main=True)
def test_another_python_is_refused_by_us_and_by_spark(portable):
    verdict = portable.check(scale)
    assert codes(verdict) == ["bytecode-version"]
    notes = [note.message for note in portable([1, 2]).notes]
    assert any("Spark refuses Python workers" in note for note in notes)


@pytest.mark.portable(serializer="spark", python=OTHER, as_main=True, allow_bytecode=True)
def test_what_would_happen_there_is_seen(portable):
    with pytest.raises(AssertionError):
        portable.call(scale, 2)
    assert portable.verdicts[-1].stage == "call"


@pytest.mark.portable(serializer="spark", as_main=True)
def test_several_arguments_are_one_element(portable):
    assert portable.call(divmod, 7, 2) == (3, 1)
    assert portable.call(sorted, [2, 1], reverse=True) == [2, 1]


@pytest.mark.portable(serializer="spark")
def test_exceptions_are_text(portable):
    with pytest.raises(PythonException, match="ZeroDivisionError"):
        portable.call(divmod, 1, 0)
    assert portable.verdicts[-1].portable


@pytest.mark.portable(serializer="spark", as_main=True)
def test_the_end_of_an_iterator_does_not_end_the_partition(portable):
    with pytest.raises(PythonException, match="STOP_ITERATION"):
        portable.call(next, iter([]))


class Reading:
    def __init__(self, value):
        self.value = value


def value_of(reading):
    return reading.value


def read(value):
    return Reading(value)


@pytest.mark.portable(serializer="spark", as_main=True)
def test_elements_and_results_of_the_scripts_classes_come_with_it(portable):
    assert portable.call(value_of, Reading(1)) == 1
    found = portable.call(read, 2)
    assert (type(found), found.value) == (Reading, 2)


@pytest.mark.portable(serializer="spark")
def test_an_element_of_a_local_module_is_missed_on_the_workers(portable):
    with pytest.raises(AssertionError):
        portable.call(len, [labpkg.Reading(1)])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].path == "args[0][0]"


@pytest.mark.portable(serializer="spark", python=OTHER)
def test_every_map_carries_sparks_own_code(portable):
    with pytest.raises(AssertionError, match="in which Spark wraps that of every map"):
        portable.call(abs, -1)
    assert codes(portable.verdicts[-1]) == ["bytecode-version"]


@pytest.mark.portable(serializer="spark", options={"batch": 5})
def test_unknown_option(portable):
    pass
