"""Dask users: what a client, the scheduler and workers send each other."""

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


@pytest.mark.portable(serializer="dask")
def test_data_goes_through_the_families(portable):
    assert portable({"a": (1, 2)}, probe="obj['a'][1]").target.distributions["distributed"]


@pytest.mark.portable(serializer="dask", deps=["numpy"])
def test_an_array_goes_as_plain_bytes_and_needs_its_package(portable):
    import numpy as np

    assert portable(np.arange(2000.0), probe="obj.sum()").payload_bytes > 16_000
    assert portable.inspect(np.arange(20)).damaged is None


@pytest.mark.portable(serializer="dask")
def test_an_array_without_its_package_is_told(portable):
    import numpy as np

    verdict = portable.check(np.arange(3))
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-distribution"])
    assert verdict.problems[0].distribution == "numpy"


@pytest.mark.portable(serializer="dask", as_main=True)
def test_a_task_runs_in_the_workers_own_code(portable):
    assert portable.call(scale, [1, 2]) == 9
    assert portable.call(divmod, 7, 2) == (3, 1)


@pytest.mark.portable(serializer="dask")
def test_exceptions_come_back_as_workers_send_them(portable):
    with pytest.raises(ZeroDivisionError):
        portable.call(divmod, 1, 0)


@pytest.mark.portable(serializer="dask")
def test_an_importable_function_is_missing_there(portable):
    with pytest.raises(AssertionError):
        portable.call(labpkg.double, 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])


@pytest.mark.portable(serializer="dask", python=OTHER, as_main=True)
def test_data_goes_to_another_python_and_code_is_refused(portable):
    assert portable.check([1, {"a": 2}]).portable
    with pytest.raises(AssertionError):
        portable.call(scale, [1, 2])
    assert codes(portable.verdicts[-1]) == ["bytecode-version"]


@pytest.mark.portable(serializer="dask", python=OTHER, as_main=True, allow_bytecode=True)
def test_a_loop_crashes_a_worker_of_another_python(portable):
    with pytest.raises(AssertionError):
        portable.call(scale, [1, 2])
    assert portable.verdicts[-1].stage == "call"


@pytest.mark.portable(serializer="dask", python=OTHER)
def test_a_builtin_runs_in_a_worker_of_another_python(portable):
    assert portable.call(divmod, 7, 2) == (3, 1)


@pytest.mark.portable(serializer="dask", options={"serializers": ["msgpack"]})
def test_msgpack_alone_takes_plain_data(portable):
    assert portable.check([1, "a"]).stage in {None, "compare"}
    assert portable.check(object()).stage == "dump"


@pytest.mark.portable(serializer="dask", by_value=["labpkg"])
def test_by_value_reaches_objects_and_not_what_tasks_hold(portable):
    """Dask asks the registry about the object it pickles; for a call that is a `Task` of its own."""
    assert portable(labpkg.with_helper, probe="obj(2)").portable
    with pytest.raises(AssertionError):
        portable.call(labpkg.with_helper, 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])


@pytest.mark.portable(serializer="dask", options={"serializers": ["pickel"]})
def test_misspelled(portable):
    pass
