"""Notes at the end of a run, in its reports, and as failures where that is asked for."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

TESTS = """
import pathlib, pytest

class Old:
    def __reduce__(self):
        return eval, ("__import__('warnings').warn('old format')",)

def same(original, returned): return True

@pytest.mark.portable(serializer=["pickle", "cloudpickle"])
def test_old(portable):
    portable([Old()], equal=same)

def test_path(portable):
    portable({"p": pathlib.Path("/x")})

def test_plain(portable):
    portable([1])
"""


@pytest.fixture(autouse=True)
def _cache(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(TESTS)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n2")], ids=["alone", "workers"])
def test_notes_end_the_run_in_groups(project: pytest.Pytester, workers: tuple[str, ...]) -> None:
    result = project.runpytest("--color=yes", *workers)

    result.assert_outcomes(passed=4)
    yellow = "\x1b[[]33m"
    result.stdout.fnmatch_lines(
        [
            f"{yellow}*= portable: notes =*",
            f"{yellow}load-warning, 2 times*",
            "  UserWarning: old format",
            "  *::test_old?cloudpickle?, py3.*, cloudpickle, obj*",
            "  *::test_old?pickle?, py3.*, pickle, obj*",
            f"{yellow}platform, once*",
            "  pathlib*.PosixPath is for POSIX only: *",
            "  fix: send str(path) or a PurePath",
            "  *::test_path, py3.*, pickle, obj?'p'?",
        ]
    )


def test_a_quiet_run_counts_them_in_one_line(project: pytest.Pytester) -> None:
    text = project.runpytest("-q").stdout.str()

    assert "portable: 3 notes (load-warning 2, platform 1)" in text
    assert "old format" not in text


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["loud", "quiet"])
def test_nothing_is_said_where_there_is_no_note(
    project: pytest.Pytester, quiet: tuple[str, ...]
) -> None:
    result = project.runpytest("-k", "plain", "--portable-report=r.md", *quiet)

    for words in ("portable: notes", "notes (", "1 note"):
        assert words not in result.stdout.str()
    assert "Notes" not in (project.path / "r.md").read_text("utf-8")


def test_notes_are_in_every_report(project: pytest.Pytester) -> None:
    result = project.runpytest(
        "--portable-report=r.md", "--portable-report=github", "--junitxml=j.xml"
    )

    page = (project.path / "r.md").read_text("utf-8")
    assert "## Notes\n\n- **load-warning, 2 times**: UserWarning: old format\n" in page
    assert "::test_path, py3" in page
    result.stdout.fnmatch_lines(
        [
            "::warning file=*,line=9,title=load-warning%2C 2 times::UserWarning: old format%0A*",
            "::warning file=*,line=13,title=platform%2C once::pathlib*.PosixPath *",
        ]
    )
    cases = {case.get("name"): case for case in ET.parse(project.path / "j.xml").iter("testcase")}
    (kept,) = cases["test_path"].findall("properties/property[@name='portable']")
    (note,) = json.loads(str(kept.get("value")))["notes"]
    assert (note["code"], note["path"]) == ("platform", "obj['p']")


@pytest.mark.parametrize(
    ("args", "ini", "count"),
    [
        pytest.param(("--portable-notes=error",), "", 3, id="all"),
        pytest.param(("--portable-notes=platform",), "", 1, id="code"),
        pytest.param(("--portable-notes=platform,load-warning",), "", 3, id="codes"),
        pytest.param(("--portable-notes=crash",), "", 0, id="none-of-these"),
        pytest.param((), "portable_notes = load-warning", 2, id="ini"),
        pytest.param(("--portable-notes=report",), "portable_notes = error", 0, id="over-ini"),
    ],
)
def test_notes_fail_where_that_is_asked_for(
    project: pytest.Pytester, args: tuple[str, ...], ini: str, count: int
) -> None:
    project.makeini(f"[pytest]\n{ini}\n")

    result = project.runpytest("--portable-report=r.json", *args)

    result.assert_outcomes(passed=4 - count, failed=count)
    report: dict[str, Any] = json.loads((project.path / "r.json").read_text("utf-8"))
    assert report["summary"]["not_portable"] == count
    assert report["summary"]["notes"] == 3 - count
    if "error" in str(args):
        result.stdout.fnmatch_lines(["portable: *, notes are errors,*", "*platform*obj?'p'?*"])
        assert "portable: notes" not in result.stdout.str()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("erorr", "'erorr' is no code of a note; did you mean 'error'?"),
        ("load-warnings", "did you mean 'load-warning'?"),
        ("???", "valid: error, report, or codes"),
        ("report,crash", "report stands alone"),
    ],
)
def test_a_word_that_is_no_code_is_a_usage_error(
    project: pytest.Pytester, word: str, message: str
) -> None:
    result = project.runpytest(f"--portable-notes={word}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--portable-notes: " in result.stderr.str()
    assert message in result.stderr.str()


def test_notes_of_golden_runs_are_told_too(pytester: pytest.Pytester) -> None:
    write = "def test_x(portable):\n    portable.golden({!r}, 'kept')\n"
    pytester.makepyfile(test_it=write.format([1]))
    pytester.runpytest("--portable-update").assert_outcomes(passed=1)
    told = "*the object is no longer what 0001 holds*"

    same = pytester.runpytest()
    pytester.makepyfile(test_it=write.format([2]))
    changed = pytester.runpytest()
    strict = pytester.runpytest("--portable-notes=error")

    assert "portable: notes" not in same.stdout.str()
    changed.assert_outcomes(passed=1)
    changed.stdout.fnmatch_lines(["*= portable: notes =*", "mismatch, once", told])
    strict.assert_outcomes(failed=1)
    strict.stdout.fnmatch_lines([told])
