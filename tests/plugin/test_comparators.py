from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest
from pytest_portable.equivalence import Finding


class Rounded:
    def handles(self, kind):
        return kind is list

    def compare(self, original, returned, tolerance):
        if round(original[0]) != round(returned[0]):
            yield Finding(".rounded", original, returned, "another whole number")


@pytest.hookimpl(optionalhook=True)
def pytest_portable_comparators(config):
    return {answer}
"""


@pytest.mark.parametrize(("drift", "passed"), [(0.2, 1), (0.7, 0)])
def test_a_comparator_of_the_conftest_decides(
    pytester: pytest.Pytester, drift: float, passed: int
) -> None:
    pytester.makeconftest(CONFTEST.replace("{answer}", "[Rounded()]"))
    pytester.makepyfile(
        "def test_x(portable):\n"
        f'    there = \'0 if "pytest" in __import__("sys").modules else {drift}\'\n'
        "    assert portable.check(1, probe=f'[1.0 + ({there})]')\n"
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=passed, failed=1 - passed)
    if not passed:
        result.stdout.fnmatch_lines(["*mismatch*probe.rounded", "*another whole number*"])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param("Rounded", "is a class; return an instance", id="class"),
        pytest.param("[Rounded(), 3]", "3 is no comparator: it has no handles()", id="number"),
    ],
)
def test_a_bad_answer_is_a_usage_error(
    pytester: pytest.Pytester, answer: str, message: str
) -> None:
    pytester.makeconftest(CONFTEST.replace("{answer}", answer))

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in result.stderr.str()
