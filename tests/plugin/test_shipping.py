from __future__ import annotations

import pytest


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.mkpydir("tool").joinpath("part.py").write_text("def double(x):\n    return 2 * x\n")
    pytester.syspathinsert()
    return pytester


def test_the_keys_of_the_mark_work_in_a_bare_environment(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
import pytest, tool.part

class Point:
    def __init__(self, x):
        assert x is not None
        self.x = x

    def twice(self):
        assert self.x
        return tool.part.double(self.x)

@pytest.mark.portable(ship=["tool"])
def test_ship(portable):
    assert portable.call(tool.part.double, 2) == 4

@pytest.mark.portable(by_value=["tool"], serializer=["cloudpickle", "dill"])
def test_by_value(portable):
    assert portable.call(tool.part.double, 2) == 4

@pytest.mark.portable(as_main=True, ship=["tool"], serializer=["cloudpickle", "dill"],
                      options={})
def test_as_main(portable):
    assert Point.__module__ != "__main__"
    portable.check(Point(3), probe="obj.x")
    assert not portable.verdicts[-1].problems, portable.verdicts[-1]

@pytest.mark.portable(as_main=True)
def test_as_main_with_pickle(portable):
    assert portable.check(Point(3)).problems[0].code == "main-reference"
"""
    )
    project.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=6)


def test_mistakes_are_errors_of_their_items(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
import pytest

@pytest.mark.portable(by_value=["tool"], ship=["numpy", "nowhere"])
def test_wrong(portable):
    portable(1)

def test_other(portable):
    portable(1)
"""
    )

    result = project.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    text = result.stdout.str()
    assert "'pickle' sends definitions by reference only" in text
    assert "'numpy' is installed here" in text
    assert "'nowhere' is not importable here" in text
