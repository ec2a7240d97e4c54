from __future__ import annotations

import sys

import pytest

from pytest_portable.plugin.shown_failures import summary_of
from pytest_portable.verdict import Problem, Verdict

HIDDEN = "All traceback entries are hidden"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.setenv("CI", "true")  # where pytest writes summary lines in full
    pytester.makepyfile(
        test_shown="""
        import pytest
        from pytest_portable import SetupError

        def test_not_portable(portable):
            portable([lambda: 1])

        @pytest.mark.portable(round_trip=False)
        def test_misuse(portable):
            portable.check(1, equal=lambda a, b: True)

        def test_set_up_inside(portable):
            raise SetupError("no such Python")

        @pytest.mark.portable(nope=3)
        def test_mark(portable):
            pass

        @pytest.mark.portable(preload=["no_such_module"])
        def test_set_up(portable):
            pass

        def test_plain():
            pytest.fail("users own")
        """
    )
    return pytester.runpytest("-ra")


def test_every_failure_ends_in_one_useful_line(run: pytest.RunResult) -> None:
    run.assert_outcomes(failed=4, errors=2)

    start = next(n for n, line in enumerate(run.outlines) if "short test summary" in line)
    words = [line.partition("::")[2] for line in run.outlines[start + 1 : -1]]
    label = f"py{sys.version_info[0]}.{sys.version_info[1]}"
    for line, expected in zip(
        words,
        [
            "test_mark - unknown key 'nope'",
            "test_set_up - set-up failure: preload: 'no_such_module' cannot be imported by",
            f"test_not_portable - unserializable at obj[0], {label}",
            "test_misuse - equal= needs the round trip",
            "test_set_up_inside - set-up failure: no such Python (test_shown.py:12)",
            "test_plain - Failed: users own",
        ],
        strict=True,
    ):
        assert line.startswith(expected)


def test_a_diagnosis_is_shown_once(run: pytest.RunResult) -> None:
    assert run.stdout.str().count("broke at: dump") == 1


def test_our_own_troubles_come_without_frames(run: pytest.RunResult) -> None:
    text = run.stdout.str()

    assert HIDDEN not in text
    assert "pytest_portable/" not in text
    run.stdout.fnmatch_lines(["*test_shown.py:12: set-up failure: no such Python"])


def test_the_line_of_a_verdict_counts_further_problems() -> None:
    problems = tuple(Problem("mismatch", "compare", "differs", path=path) for path in ("a", "b"))
    verdict = Verdict(
        portable=False,
        stage="compare",
        problems=problems,
        notes=(),
        object="list",
        serializer="pickle",
        protocol=4,
        payload_bytes=1,
        target=None,
        leg={"label": "py3.12"},
        seconds={},
    )

    assert summary_of(verdict) == "mismatch at a, py3.12 (and 1 more)"
