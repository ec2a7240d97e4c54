"""Globus Compute users: what is submitted, what an endpoint does with it, what comes back."""

from __future__ import annotations

import pathlib
import sys

import labpkg
import pytest
from globus_compute_sdk.errors import TaskExecutionFailed

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.11"
FACTOR = 3


def codes(verdict):
    return [problem.code for problem in verdict.problems]


def script(source, name):
    """A function as a user's script defines it: in `__main__`, its source at hand."""
    file = f"{name}_script.txt"
    pathlib.Path(file).write_text(source)
    space = {"__name__": "__main__"}
    exec(compile(source, file, "exec"), space)
    return space[name]


TOTAL = """def total(numbers):
    found = 0
    for number in numbers:
        found += number
    return found
"""


@pytest.mark.portable(serializer="globus-compute")
def test_data_goes_as_text_of_the_default_strategy(portable):
    verdict = portable({"numbers": [1, 2.5], "pair": (1, 2)}, probe="sum(obj['numbers'])")
    assert verdict.serializer == "globus-compute"
    assert {"globus-compute-endpoint", "dill"} <= set(verdict.target.distributions)


@pytest.mark.portable(serializer="globus-compute")
def test_a_task_runs_in_the_endpoints_own_execute_task(portable):
    assert portable.call(script(TOTAL, "total"), [1, 2, 3]) == 6
    assert portable.call(divmod, 7, 2) == (3, 1)


@pytest.mark.portable(serializer="globus-compute")
def test_exceptions_come_back_as_text(portable):
    with pytest.raises(TaskExecutionFailed, match="ZeroDivisionError"):
        portable.call(divmod, 1, 0)
    assert portable.verdicts[-1].portable


@pytest.mark.portable(serializer="globus-compute")
def test_what_check_strategies_passes_fails_where_it_counts(portable):
    """f2: the SDK's own check goes round in this very process."""
    from globus_compute_sdk.serialize import ComputeSerializer

    assert ComputeSerializer().check_strategies(labpkg.double, 2)
    with pytest.raises(AssertionError):
        portable.call(labpkg.double, 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("load", ["missing-module"])
    assert verdict.problems[0].module == "labpkg"


@pytest.mark.portable(serializer="globus-compute", python=OTHER)
def test_a_loop_by_dill_code_is_refused_for_another_python(portable):
    """f1, first half, before anything crashes."""
    with pytest.raises(AssertionError):
        portable.call(script(TOTAL, "total"), [1, 2, 3])
    assert codes(portable.verdicts[-1]) == ["bytecode-version"]


@pytest.mark.portable(serializer="globus-compute", python=OTHER, allow_bytecode=True)
def test_a_loop_by_dill_code_crashes_another_python(portable):
    """f1, first half, in the real `execute_task`: exit status 139."""
    with pytest.raises(AssertionError):
        portable.call(script(TOTAL, "total"), [1, 2, 3])
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("call", ["crash"])
    assert "SIGSEGV" in verdict.problems[0].message


@pytest.mark.portable(
    serializer="globus-compute", python=OTHER, options={"strategy_code": "AllCodeStrategies"}
)
def test_a_loop_by_all_code_strategies_works_on_another_python(portable):
    """f1, second half."""
    assert portable.call(script(TOTAL, "total"), [1, 2, 3]) == 6


@pytest.mark.portable(
    serializer="globus-compute", options={"strategy_code": "PureSourceTextInspect"}, python=OTHER
)
def test_source_strategies_work_on_another_python(portable):
    verdict = portable.check(script(TOTAL, "total"), probe="obj([1, 2])")
    assert verdict.problems == () or verdict.stage == "compare"
    assert portable.call(script(TOTAL, "total"), [1, 2, 3]) == 6


def make(n):
    def add(value):
        found = value
        for _ in range(n):
            found += 1
        return found

    return add


@pytest.mark.portable(serializer="globus-compute", options={"strategy_code": "AllCodeStrategies"})
def test_all_code_strategies_leave_a_closure_behind(portable):
    """The strategy for most cases is worse than the default one here."""
    with pytest.raises(AssertionError):
        portable.call(make(2), 3)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("call", ["main-reference"])
    assert verdict.problems[0].path == "obj.__closure__[0].cell_contents"
    assert "without n; DillCode carries it" in verdict.problems[0].message


@pytest.mark.portable(serializer="globus-compute")
def test_dill_code_carries_a_closure(portable):
    import inspect

    assert portable.call(script(inspect.getsource(make), "make")(2), 3) == 5


@pytest.mark.portable(serializer="globus-compute", options={"strategy_code": "AllCodeStrategies"})
def test_all_code_strategies_hide_a_missing_module_until_the_call(portable):
    with pytest.raises(AssertionError, match="without double"):
        portable.call(labpkg.with_helper, 2)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("call", ["main-reference"])
    assert verdict.problems[0].path == "obj.__globals__['double']"


@pytest.mark.portable(serializer="globus-compute", options={"strategy_data": "JSONData"})
def test_json_loses_keys_and_tuples(portable):
    verdict = portable.check({1: (2, 3)})
    assert (verdict.stage, set(codes(verdict))) == ("compare", {"mismatch"})
    assert portable.check({"a": [1, None]}).portable


@pytest.mark.portable(
    serializer="globus-compute", options={"result_serializers": ["JSONData", "DillDataBase64"]}
)
def test_result_serializers_are_tried_in_order(portable):
    assert portable.call(divmod, 7, 2) == [3, 1]
    assert portable.call(complex, 1, 2) == 1 + 2j


@pytest.mark.portable(serializer="globus-compute")
def test_the_limit_is_on_the_encoded_text(portable):
    """7.5 MB are over 10 MB as base64 with line breaks."""
    with pytest.raises(AssertionError, match="submissions over 10 MB"):
        portable.call(len, bytes(8_000_000))
    assert codes(portable.verdicts[-1]) == ["too-large"]
    assert portable.call(len, bytes(7_000_000)) == 7_000_000


@pytest.mark.portable(serializer="globus-compute")
def test_a_result_over_the_limit_is_refused_by_the_worker(portable):
    with pytest.raises(AssertionError, match="MaxResultSizeExceeded"):
        portable.call(bytes, 9_000_000)
    verdict = portable.verdicts[-1]
    assert (verdict.stage, codes(verdict)) == ("return", ["too-large"])


@pytest.mark.portable(serializer="globus-compute")
def test_a_result_that_cannot_be_dumped_is_told(portable):
    with pytest.raises(AssertionError):
        portable.call(iter, [1])
        portable.call(script("def make():\n    return (n for n in [1])\n", "make"))
    assert portable.verdicts[-1].stage == "return"


@pytest.mark.portable(serializer="globus-compute")
def test_the_payload_can_be_read_without_loading_it(portable):
    found = portable.inspect(labpkg.double)
    assert {"labpkg"} <= {reference.module for reference in found.references}
    assert portable.inspect([1]).damaged is None


@pytest.mark.portable(serializer="globus-compute", options={"strategy_code": "AllCodeStrategie"})
def test_misspelled(portable):
    pass


@pytest.mark.portable(serializer="globus-compute", options={"strategy_code": "JSONData"})
def test_strategy_of_the_other_kind(portable):
    pass


@pytest.mark.portable(serializer="globus-compute", options={"strategy": "DillCode"})
def test_unknown_option(portable):
    pass
