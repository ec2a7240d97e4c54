from __future__ import annotations

import sys

import pytest

HEAD = "import os, pytest, sys, unittest\n"


@pytest.fixture
def offline(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    return pytester


def test_a_bare_check_passes_from_every_door(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        HEAD
        + """
def test_argument(portable):
    assert portable({"a": [1, 2.0]})
    assert portable.target.python

@pytest.mark.portable
def test_asked_inside(request):
    request.getfixturevalue("portable")((1, 2))

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable):
        self.portable = portable

    @pytest.mark.portable(timeout=30)
    def test_x(self):
        self.assertEqual(self.portable.call(len, "abc"), 3)
"""
    )
    offline.runpytest().assert_outcomes(passed=3)


def test_it_shows_where_it_checks(offline: pytest.Pytester) -> None:
    here = "py{}.{}".format(*sys.version_info[:2])
    offline.makepyfile(
        HEAD
        + f"""
@pytest.mark.portable(serializer="dill", install_serializer=False)
def test_bare(portable):
    assert repr(portable) == "<portable: {here}, dill, bare>"

def test_untouched(portable, request):
    assert not portable.is_used
    repr(portable)
    assert not portable.is_used
    portable(1)

@pytest.mark.portable(deps=None, python=sys.executable)
def test_this(portable):
    assert repr(portable).endswith(", pickle, as it is>")
    portable(1)
"""
    )
    offline.runpytest().assert_outcomes(passed=2, failed=1)


def test_what_it_shows_holds_no_credentials(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        HEAD
        + """
@pytest.mark.portable(deps=["--index-url https://user:t0ken@127.0.0.1:9/simple"])
def test_x(portable):
    portable(1)
    assert "t0ken" not in repr(portable)
    assert "deps --index-url https://" in repr(portable)
"""
    )
    offline.runpytest().assert_outcomes(passed=1)


def test_a_failure_is_the_diagnosis(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        HEAD
        + """
def test_raised(portable):
    portable(lambda: 1)

def test_kept(portable):
    portable.check(lambda: 1)
    raise ValueError("other")
"""
    )
    result = offline.runpytest()
    result.assert_outcomes(failed=2)
    text = result.stdout.str()
    assert "PortabilityError" in text
    assert "pytest_portable/" not in text
    assert text.count("- portable verdict -") == 1


def test_what_the_target_prints_is_a_section(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        HEAD
        + """
def test_x(portable):
    portable.call(print, "said there")
    raise ValueError
"""
    )
    result = offline.runpytest()
    result.stdout.fnmatch_lines(["*- portable stdout -*", "said there"])


def test_a_missing_interpreter_is_an_error_or_a_skip(offline: pytest.Pytester) -> None:
    offline.makepyfile(
        HEAD + "@pytest.mark.portable(python='3.77')\ndef test_x(portable): portable(1)\n"
    )
    result = offline.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*set-up failure: *"])
    assert "pytest_portable/" not in result.stdout.str()
    offline.runpytest("--portable-skip-missing-python").assert_outcomes(skipped=1)


def test_every_verdict_reaches_the_hook(offline: pytest.Pytester) -> None:
    offline.makeconftest("""
def pytest_portable_verdict(item, verdict):
    print(f"@{item.name} {verdict.portable}")
""")
    offline.makepyfile(
        HEAD
        + """
def test_x(portable):
    portable(1)
    portable.check(lambda: 1)
"""
    )
    result = offline.runpytest("-s")
    result.stdout.fnmatch_lines(["*@test_x True", "*@test_x False"])


def test_public_names_resolve() -> None:
    import pytest_portable

    for name in pytest_portable.__all__:
        if name != "Inspection":
            assert getattr(pytest_portable, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = pytest_portable.Nothing
    assert set(pytest_portable.__all__) <= set(dir(pytest_portable))


GAUGES = """
class Gauge:
    '''Forgets the sign of zero on its way.'''

    def __init__(self, reading):
        self.reading = reading

    def __setstate__(self, state):
        self.reading = state["reading"] + 0.0
"""


def test_negative_zero_is_zero_until_it_is_told_apart(offline: pytest.Pytester) -> None:
    offline.makepyfile(**{"gauges/__init__": GAUGES})
    offline.syspathinsert()
    offline.makepyfile(
        """
import sys, pytest, numpy as np
from gauges import Gauge

HERE = dict(python=sys.executable, deps=None, ship=["gauges"])
PROBE = "0.0 if 'pytest' in __import__('sys').modules else -0.0"
VALUES = [-0.0, np.array([1.0, -0.0]), complex(0.0, -0.0), np.float32(-0.0)]

@pytest.mark.portable(**HERE)
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_same(portable, value):
    portable(Gauge(value))
    portable(1, probe=PROBE)

@pytest.mark.portable(**HERE, signed_zero=True, atol=1.0)
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_told(portable, value):
    portable(value)
    verdict = portable.check(Gauge(value))
    (problem,) = verdict.problems
    assert problem.code == "mismatch", verdict
    assert problem.path.startswith("obj.reading"), verdict

@pytest.mark.portable(ship=["gauges"], signed_zero=True, via=[{}])
def test_route_and_probe(portable):
    verdict = portable.check(Gauge(-0.0))
    assert [problem.path for problem in verdict.problems] == ["obj.reading"], verdict
    assert "since" in verdict.problems[0].message, verdict
    assert portable.check(1, probe=PROBE).stage == "compare"
"""
    )
    offline.runpytest().assert_outcomes(passed=9)
