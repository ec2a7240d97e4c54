"""Producers are judged by their own versions, and what they cannot dump is a verdict."""

from __future__ import annotations

import sys
import zipfile
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
        "    def __getstate__(self):\n        return tuple(self.rows)\n\n"
        "    def __setstate__(self, state):\n        self.rows = list(state)\n\ndef make",
    ),
    "3.0": LIST,
}
# As attrs: the module is called otherwise than its distribution, and writes methods of others.
WRITER = """
def define(kind):
    kind.__attrs_attrs__ = ()
    kind.__setstate__ = lambda self, state: self.__dict__.update(STATE)
    return kind
"""
WRITERS = {"22.1": WRITER.replace("STATE", "state"), "22.2": WRITER.replace("STATE", "{}")}
STORE = """
import attr

@attr.define
class Response:
    def __init__(self):
        self.status = 200

    def is_good(self):
        return self.status == 200

@attr.define
class Forgetful(Response):
    def __getstate__(self):
        return {"nothing": 1}

def make():
    return {"r": [Response()]}

def forget():
    return {"r": [Forgetful()]}
"""


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    house = pytester.mkdir("house")
    for version, source in RELEASES.items():
        make_wheel(house, "rows", version, {"rows.py": source})
    for version, source in WRITERS.items():
        make_wheel(house, "attrs", version, {"attr.py": source})
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


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("probe", "stage"), [("", "compare"), ("probe=\"obj['r'][0].is_good()\"", "call")]
)
def test_who_wrote_the_methods_is_blamed_with_both_versions(
    pytester: pytest.Pytester, probe: str, stage: str
) -> None:
    pytester.makepyfile(
        store=STORE,
        test_made=f"""
        import pytest

        @pytest.mark.portable(ship=["store"])
        def test_pairs(portable):
            sides = ["attrs==22.1", "attrs==22.2"]
            with pytest.raises(AssertionError):
                portable.between(producer=sides, consumer=sides, make="store:make", {probe})
            alike, apart, *others = portable.verdicts
            assert alike
            first = apart.problems[0]
            assert (first.code, first.distribution) == ("version-skew", "attrs")
            assert (first.stage, first.path) == ({stage!r}, "obj['r'][0]")
            assert "attrs 22.2 there" in first.message and "attrs 22.1 where" in first.message
            assert first.remedies[0].change == '"attrs==22.1"'
            # What is lost in every process of the maker's environment comes from no version.
            with pytest.raises(AssertionError):
                portable.between(producer=sides, consumer=sides, make="store:forget", {probe})
            codes = {{one.code for verdict in portable.verdicts[4:] for one in verdict.problems}}
            assert codes <= {{"mismatch", "call-error"}}
        """,
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)


def on_path(monkeypatch: pytest.MonkeyPatch, house: Path, name: str) -> None:
    """Install a release in this process."""
    folder = house / name
    with zipfile.ZipFile(house / f"{name}-py3-none-any.whl") as wheel:
        wheel.extractall(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "rows", raising=False)


GOLDEN = """
import pytest, rows

@pytest.mark.portable(deps=["rows=={}"])
def test_rows(portable):
    portable.golden(rows.make(), "rows")
"""
SKEW = ["*1  version-skew * obj?'t'?", "*rows.Rows is of rows 2.0 there, of rows 3.0 where it was*"]


def test_versions_come_first_in_what_was_kept(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, house: Path
) -> None:
    on_path(monkeypatch, house, "rows-3.0")
    pytester.makepyfile(test_it=GOLDEN.format("3.0"))
    pytester.runpytest("--portable-update", "--portable-export=b").assert_outcomes(passed=1)
    verify = (sys.executable, "-m", "pytest_portable", "verify", "b", "--dep")
    assert pytester.run(*verify, "rows==3.0").ret == 0
    on_path(monkeypatch, house, "rows-2.0")
    pytester.makepyfile(test_it=GOLDEN.format("2.0"))

    golden = pytester.runpytest()
    verified = pytester.run(*verify, "rows==2.0")

    for result in (golden, verified):
        assert result.ret == 1
        result.stdout.fnmatch_lines([*SKEW, "*2  mismatch*obj?'t'?.rows*"])


def test_versions_come_first_in_what_a_release_reads(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, house: Path
) -> None:
    on_path(monkeypatch, house, "rows-3.0")
    forward = '"rows", mode="forward", releases=["rows==2.0"]'
    pytester.makepyfile(test_it=GOLDEN.format("3.0").replace('"rows")', f"{forward})"))

    result = pytester.runpytest("--portable-update")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*1  version-skew * obj?'t'?", "*rows.Rows is of rows 2.0 there, of rows 3.0 here*"]
    )


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


HUNG = """
import pytest, rows, sys, types

hung = types.ModuleType("rows.made")
exec("class Made: pass", hung.__dict__)
hung.Made.__module__ = "rows.made"
sys.modules["rows.made"] = hung

class Late:
    pass
Late.__module__ = "rows"
rows.Late = Late

@pytest.mark.portable(deps=["rows==2.0"])
@pytest.mark.parametrize("thing", [hung.Made(), Late()], ids=["module", "class"])
def test_hung(portable, thing):
    problem = portable.check({"a": [thing]}).problems[0]
    assert (problem.code, problem.path) == ("environment-dependency", "obj['a'][0]")
    assert "at run time" in problem.message and "3.0" not in str(problem.remedies)
"""


def test_what_was_made_at_run_time_is_of_no_version(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, house: Path
) -> None:
    on_path(monkeypatch, house, "rows-3.0")
    pytester.makepyfile(HUNG)

    pytester.runpytest().assert_outcomes(passed=2)


PARTS = {"parts/__init__.py": "", "parts/deep.py": "class Deep:\n    pass\n"}
RAISES = "raise ModuleNotFoundError(\"No module named 'parts.deep'\", name='parts.deep')\n"


@pytest.mark.parametrize(
    ("there", "words"),
    [
        pytest.param({"parts/deep.py": RAISES}, "parts/deep.py is there", id="raises"),
        pytest.param({}, "neither its record nor the disk has such a file", id="left out"),
    ],
)
def test_equal_versions_are_no_skew_and_what_is_on_the_disk_is_not_left_out(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    house: Path,
    there: dict[str, str],
    words: str,
) -> None:
    make_wheel(house, "parts", "1.0", PARTS)
    on_path(monkeypatch, house, "parts-1.0")
    make_wheel(house, "parts", "1.0", {"parts/__init__.py": "", **there})
    pytester.makepyfile(
        f"""
        import pytest
        from parts.deep import Deep

        @pytest.mark.portable(deps=["parts==1.0"])
        def test_deep(portable):
            problem = portable.check([Deep()]).problems[0]
            assert (problem.code, problem.distribution) == ("missing-module", "parts")
            assert {words!r} in problem.message
            assert not problem.remedies
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_method_that_was_changed_at_run_time_is_no_skew(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, house: Path
) -> None:
    on_path(monkeypatch, house, "rows-3.0")
    pytester.makepyfile(
        """
        import pytest, rows

        def total(self):
            return sum(self.rows) + self.extra

        @pytest.mark.portable(deps=["rows==3.0"])
        def test_patched(portable, monkeypatch):
            monkeypatch.setattr(rows.Rows, "total", total, raising=False)
            monkeypatch.setattr(rows.Rows, "extra", 1, raising=False)
            verdict = portable.check([rows.Rows()], probe="obj[0].total()")
            assert "version-skew" not in {one.code for one in verdict.problems}
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)
