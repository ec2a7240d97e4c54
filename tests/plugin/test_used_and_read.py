"""Marked tests that check nothing, verdicts that nobody looks at, and `-m portable`."""

from __future__ import annotations

import pytest

HEAD = "import pytest, unittest\n"
WORKERS = pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "workers"])


@pytest.fixture(autouse=True)
def _cache(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))


def test_a_marked_test_that_used_nothing_of_the_fixture_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable
def test_never(portable): pass

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable): self.portable = portable

    @pytest.mark.portable
    def test_never(self): pass
"""
    )
    result = pytester.runpytest()

    result.assert_outcomes(failed=2)
    words = "marked portable, and nothing of the fixture `portable` was used*"
    result.stdout.fnmatch_lines([f"*::test_never: {words}", f"*::TestOld::test_never: {words}"])


def test_what_counts_as_use_and_which_tests_promise_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.fixture
def shipped(portable): return portable([1])

@pytest.mark.portable
class TestInherited:
    def test_never(self, portable): pass

    @pytest.mark.portable
    def test_target(self, portable): assert portable.target.python

def test_unmarked(portable): pass

@pytest.mark.portable
def test_inspect(portable): assert portable.inspect([1]).payload_bytes

@pytest.mark.portable
def test_call(portable): assert portable.call(int, "3") == 3

@pytest.mark.portable
def test_in_a_fixture(portable, shipped): pass

@pytest.mark.portable
@pytest.mark.parametrize("ask", [
    lambda portable: portable([1], raises=ValueError),
    lambda portable: portable.check([1], probe="obj", obj=2),
    lambda portable: portable.golden([1], "a", probe="1 +"),
    lambda portable: portable.between(producer=["a"], consumer=["a"], make="b", probe="1 +"),
    lambda portable: portable.requirements([1], rtol=1),
    lambda portable: portable([1], "obj"),
    lambda portable: portable.call(),
])
def test_mistakes_that_are_wanted(portable, ask):
    from pytest_portable import OptionError
    with pytest.raises((TypeError, OptionError)):
        ask(portable)

@pytest.mark.portable
def test_skipped(portable): pytest.skip("not today")

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable): self.portable = portable

    @pytest.mark.portable
    def test_skipped(self): self.skipTest("not today")

    def test_unmarked(self): pass
"""
    )
    result = pytester.runpytest()

    result.assert_outcomes(passed=14, skipped=2)
    assert "warning" not in result.stdout.str()


def test_a_test_that_failed_by_itself_is_told_as_that(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HEAD
        + """
@pytest.mark.portable
def test_raises(portable): raise LookupError("its own")

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable): self.portable = portable

    @pytest.mark.portable
    def test_fails(self): self.fail("its own")

    def test_fails_with_a_verdict(self):
        self.portable.check(lambda: 1)
        self.fail("its own")
"""
    )
    result = pytester.runpytest()

    result.assert_outcomes(failed=3)
    assert "was used" not in result.stdout.str()
    assert "PortabilityWarning" not in result.stdout.str()


UNREAD = """
def test_unread(portable): portable.check({"a": lambda: 1})

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable): self.portable = portable

    def test_unread(self): self.portable.check({"b": lambda: 1})
"""


@WORKERS
def test_a_failed_verdict_that_nobody_looked_at_is_a_warning(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(HEAD + UNREAD)

    result = pytester.runpytest("-Wdefault", *workers)  # our own run makes warnings errors

    result.assert_outcomes(passed=2, warnings=2)
    for path, line in (("a", 3), ("b", 9)):
        told = f"dict is not portable: unserializable at obj?'{path}'?, py3.*"
        words = "the test passed without looking at this verdict"
        result.stdout.fnmatch_lines([f"*.py:{line}: PortabilityWarning: {told}; {words}: *"])


def test_the_warning_obeys_filters(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(HEAD + UNREAD)
    name = "pytest_portable.PortabilityWarning"

    quiet = pytester.runpytest(f"-Wignore::{name}")
    loud = pytester.runpytest(f"-Werror::{name}")

    quiet.assert_outcomes(passed=2)
    loud.assert_outcomes(failed=2)
    loud.stdout.fnmatch_lines(["*::test_unread: dict is not portable: unserializable at *"])
    assert "warn_explicit" not in loud.stdout.str()


@pytest.mark.parametrize(
    "look",
    [
        "assert not {}",
        "print({})",
        "{}.to_dict()",
        "assert {}.stage == 'dump'",
        "assert len({}.problems) == 1",
        "{}.notes",
        "assert not {}.portable",
        "{}; assert len(portable.verdicts) == 1",
    ],
)
def test_a_verdict_that_was_looked_at_is_no_warning(pytester: pytest.Pytester, look: str) -> None:
    pytester.makepyfile(f"def test_x(portable):\n    {look.format('portable.check(lambda: 1)')}")

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    assert "PortabilityWarning" not in result.stdout.str()


def test_what_passed_or_was_raised_needs_no_look(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import pytest
def test_passed(portable): portable.check([1])
def test_raised(portable):
    with pytest.raises(AssertionError): portable(lambda: 1)
"""
    )
    result = pytester.runpytest()

    result.assert_outcomes(passed=2)
    assert "PortabilityWarning" not in result.stdout.str()


SELECTED = (
    HEAD
    + """
@pytest.mark.portable
def test_marked(portable): portable(1)

def test_fixture_only(portable): pass

@pytest.fixture
def shipped(portable): return portable(2)

def test_through_another(shipped): pass

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _portable(self, portable): self.portable = portable

    def test_method(self): pass

def test_other(): pass
"""
)


@WORKERS
def test_every_user_of_the_fixture_is_selected_by_the_mark(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    pytester.makepyfile(SELECTED)

    used = pytester.runpytest("-m", "portable", "--strict-markers", *workers)
    others = pytester.runpytest("-m", "not portable", "--strict-markers", *workers)

    used.assert_outcomes(passed=4, deselected=0 if workers else 1)
    others.assert_outcomes(passed=1, deselected=0 if workers else 4)


def test_the_mark_selects_bundles_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(portable): portable([1])\ndef test_other(): pass\n")
    pytester.runpytest("--portable-export=bundles").assert_outcomes(passed=2)

    verified = pytester.runpytest("--portable-verify=bundles", "-m", "portable")
    others = pytester.runpytest("--portable-verify=bundles", "-m", "not portable")

    verified.assert_outcomes(passed=2, deselected=1)
    others.assert_outcomes(passed=1, deselected=2)
