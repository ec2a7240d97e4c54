"""Producers are judged by their own versions, and what they cannot dump is a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

LIST = """
class Rows:
    def __init__(self):
        self.rows = [1, 2, 3]

def make():
    return {"t": Rows()}
"""
RELEASES = {
    "1.0": LIST,
    "2.0": LIST.replace(
        "\ndef make",
        "    def __setstate__(self, state):\n        self.rows = list(state)\n\ndef make",
    ),
    "3.0": LIST,
}


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    house = pytester.mkdir("house")
    for version, source in RELEASES.items():
        make_wheel(house, "rows", version, {"rows.py": source})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(house))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(house))
    return house


@pytest.mark.usefixtures("house")
def test_a_difference_names_the_versions_of_maker_and_reader(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_made="""
        import pytest

        made = {"make": "rows:make", "deps": ["rows==3.0"]}

        @pytest.mark.portable(deps=["rows==2.0"], producer=made)
        def test_apart(portable):
            portable()

        @pytest.mark.portable(deps=["rows==3.0"], producer=made)
        def test_alike(portable):
            portable()
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*1  version-skew * obj?'t'?",
            "*rows.Rows is of rows 2.0 there, of rows 3.0 where it was*",
        ]
    )
    result.stdout.fnmatch_lines(['*"rows==3.0"*'])


def test_what_a_producer_cannot_dump_has_a_path_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makepyfile(
        locked="""
        import sys, threading

        class State:
            __slots__ = ("held",)

        def make():
            state = State()
            state.held = [threading.Lock() if sys.version_info >= (3, 12) else 5]
            return {"state": state}
        """,
        test_made="""
        import pytest

        @pytest.mark.portable(ship=["locked"])
        def test_pairs(portable):
            sides = [{"python": "3.12"}, {"python": "3.11"}]
            try:
                portable.between(producer=sides, consumer=sides[1:], make="locked:make")
            finally:
                refused, made = portable.verdicts
                assert made and refused.stage == "dump"
                assert refused.problems[0].code == "unserializable"
                assert refused.problems[0].path == "obj['state'].held[0]"
        """,
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1  unserializable *obj?'state'?.held?0?"])
