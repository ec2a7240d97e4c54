from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = "import pytest, unittest\n"


def collected(pytester: pytest.Pytester, source: str, *args: str) -> list[str]:
    pytester.makepyfile(HEAD + source)
    result = pytester.runpytest("--collect-only", "-q", *args)
    assert result.ret in (0, 5), result.stdout.str()
    return [line.partition("::")[2] for line in result.outlines if "::" in line]


@pytest.mark.parametrize(
    ("mark", "args", "ids"),
    [
        ("", (), ["test_x"]),
        ("python='3.10'", (), ["test_x"]),
        ("python=['3.10']", (), ["test_x"]),
        ("python=['3.10', '3.12']", (), ["test_x[py3.10]", "test_x[py3.12]"]),
        (
            "python=['3.10'], serializer=['dill', 'pickle']",
            (),
            ["test_x[py3.10-dill]", "test_x[py3.10-pickle]"],
        ),
        (
            "deps={'old': ['six<1'], 'new': ['six']}, python=['3.10', '3.12']",
            (),
            [
                "test_x[py3.10-old]",
                "test_x[py3.10-new]",
                "test_x[py3.12-old]",
                "test_x[py3.12-new]",
            ],
        ),
        (
            "python=['>=3.10,<3.13', 'pypy3.10', '/opt/bin/python3.8']",
            (),
            ["test_x[py>=3.10,<3.13]", "test_x[pypy3.10]", "test_x[python3.8]"],
        ),
        ("python=['3.10', pytest.param('3.8', id='old')]", (), ["test_x[py3.10]", "test_x[old]"]),
        ("python=['3.10', '3.12']", ("--portable-python=3.9",), ["test_x"]),
        ("", ("--portable-python=>=3.10,<3.12",), ["test_x"]),
        ("", ("--portable-python=>=3.9,<3.12,3.9",), ["test_x[py>=3.9,<3.12]", "test_x[py3.9]"]),
        (
            "python=['3.10']",
            ("--portable-serializer=dill", "--portable-serializer=pickle"),
            ["test_x[py3.10-dill]", "test_x[py3.10-pickle]"],
        ),
    ],
)
def test_ids_come_from_the_text_of_lists(
    pytester: pytest.Pytester, mark: str, args: Sequence[str], ids: list[str]
) -> None:
    source = f"@pytest.mark.portable({mark})\ndef test_x(portable): pass\n"
    assert collected(pytester, source, *args) == ids


def test_legs_multiply_with_the_parameters_of_the_test(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.portable(python=["3.10", "3.12"])
def test_x(portable, n): pass
"""
    assert len(collected(pytester, source)) == 4


def test_nearer_marks_replace_single_keys(pytester: pytest.Pytester) -> None:
    source = """
pytestmark = pytest.mark.portable(python=["3.10", "3.11"], serializer=["dill", "pickle"])
class Base:
    pytestmark = pytest.mark.portable(python=["3.8", "3.9"])
@pytest.mark.portable(python="3.12")
class TestX(Base):
    def test_x(self, portable): pass
    @pytest.mark.portable(serializer="dill")
    def test_y(self, portable): pass
    def test_plain(self): pass
"""
    assert collected(pytester, source) == [
        "TestX::test_x[dill]",
        "TestX::test_x[pickle]",
        "TestX::test_y",
        "TestX::test_plain",
    ]


def test_ini_gives_defaults_under_the_marks(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nportable_python = 3.10, 3.11\n")
    source = """
def test_x(portable): pass
@pytest.mark.portable(python="3.12")
def test_y(portable): pass
"""
    assert collected(pytester, source) == ["test_x[py3.10]", "test_x[py3.11]", "test_y"]


def test_marks_of_an_element_reach_its_leg(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable(python=[pytest.param("3.8", marks=pytest.mark.skip(reason="no"))])
def test_x(portable): pass
"""
    )
    pytester.runpytest().assert_outcomes(skipped=1)


def test_all_mistakes_of_a_mark_are_one_error_and_other_tests_run(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable(
    ["six =="], pyhton="3.10", python=3.1, serializer="dil", protocol=9, timeout=0,
    warnings="loud", env={"A": 1}, round_trip="no", max_size="big", forbid="os", options=[],
    rtol=-1, atol="x", install_serializer=None, allow_bytecode=1,
    signed_zero=0,
)
def test_bad(portable): raise SystemError

def test_good(): pass
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, passed=1)
    text = result.stdout.str()
    assert "test_bad: 17 mistakes in the mark portable" in text, text
    assert "unknown key 'pyhton'; did you mean 'python'?" in text
    assert "unknown serializer 'dil'; did you mean 'dill'?" in text
    assert 'python: 3.1 is not a string; as a number 3.10 is the same as 3.1: write "3.10"' in text
    assert "valid: 'report', 'error' or 'ignore'" in text
    assert "Traceback" not in text
    assert "pytest_portable/" not in text


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("['a'], deps=['b']", "deps: given twice"),
        ("'six', 'attrs'", "2 positional arguments"),
        ("'six'", "write ['six']"),
        ("python=[]", "python: the list is empty"),
        ("serializer=()", "serializer: the list is empty"),
        ("deps={}", "deps: the dict is empty"),
        ("deps=None", "which python must name by its path"),
        ("serializer=3", "serializer: 3 is neither a name nor a Serializer"),
        ("deps={'a': 'six'}", "'six' is not a list"),
    ],
)
def test_a_mistake_says_what_is_valid(pytester: pytest.Pytester, mark: str, message: str) -> None:
    pytester.makepyfile(HEAD + f"@pytest.mark.portable({mark})\ndef test_x(portable): pass\n")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()


def test_several_legs_too_late_are_an_error(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
import pytest
def pytest_itemcollected(item):
    if item.name == "test_late":
        item.add_marker(pytest.mark.portable(python=["3.10", "3.11"]))
""")
    pytester.makepyfile(
        HEAD
        + """
def test_late(portable): pass

class TestCase(unittest.TestCase):
    @pytest.mark.portable(serializer=["dill", "pickle"])
    def test_x(self): pass
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*python: gives 2 legs*", "*serializer: gives 2 legs*"])


def test_an_own_mark_that_checks_nothing_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable
def test_forgot(): pass

@pytest.mark.portable
def test_skipped(): pytest.skip()

@pytest.mark.portable
class TestX:
    def test_inherited(self): pass
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1, skipped=1, passed=1)
    result.stdout.fnmatch_lines(["*test_forgot: marked portable, but nothing asked*"])
