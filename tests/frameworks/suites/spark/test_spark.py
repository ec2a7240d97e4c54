"""Spark users: what a driver sends to its Python workers."""

from __future__ import annotations

import sys

import labpkg
import pytest

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
