"""Lenses that a conftest brings, for one run."""

from __future__ import annotations

import pytest

from pytest_portable.payload.lenses import LENSES

pytest_plugins = ["pytester"]

CONFTEST = """
def rebuilt(view, node, arguments):
    return list(zip([".source", ".rate"], arguments))


def pytest_portable_lenses(config):
    return {answer}
"""
TEST = """
import decimal
import recordings
import pytest


@pytest.mark.portable(forbid=["decimal"], ship=["recordings"])
def test_take(portable):
    portable(recordings.Take("a.wav", [decimal.Decimal(1)]))
"""
RECORDINGS = """
def rebuild(source, rate):
    return Take(source, rate)


class Take:
    def __init__(self, source, rate):
        self.source, self.rate = source, rate

    def __reduce__(self):
        return rebuild, (self.source, self.rate)
"""


def test_a_lens_of_the_conftest_names_what_is_forbidden_and_goes_with_its_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_take=TEST, recordings=RECORDINGS)
    pytester.syspathinsert()

    before = pytester.runpytest_inprocess()
    pytester.makeconftest(CONFTEST.replace("{answer}", '{"recordings.rebuild": rebuilt}'))
    with_lens = pytester.runpytest_inprocess()

    before.stdout.fnmatch_lines(["*obj.__reduce_ex__(4)[[]1[]][[]1[]][[]0[]]*"])
    with_lens.assert_outcomes(failed=1)
    with_lens.stdout.fnmatch_lines(["*obj.rate[[]0[]]*"])
    with_lens.stdout.no_fnmatch_line("*__reduce_ex__*")
    assert "recordings.rebuild" not in LENSES


def test_a_bad_answer_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST.replace("{answer}", "[rebuilt]"))

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "pytest_portable_lenses: [<function rebuilt" in result.stderr.str()
