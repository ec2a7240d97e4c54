from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

TESTS = """
import pytest, threading

@pytest.mark.portable(serializer=["pickle", "cloudpickle"])
def test_x(portable):
    portable({"a": [1, 2.0]})

def test_lock(portable):
    portable({"l": [threading.Lock()]})

@pytest.mark.portable(python="3.77")
def test_none(portable): pass

def test_plain(): pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makepyfile(TESTS)
    return pytester


def report_of(pytester: pytest.Pytester) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((pytester.path / "out" / "r.json").read_text("utf-8"))
    return report


def test_a_run_ends_with_its_legs_and_what_failed(project: pytest.Pytester) -> None:
    result = project.runpytest()

    result.stdout.fnmatch_lines(
        [
            "*= portability =*",
            "leg * checks  failed  seconds",
            "py3.*, cloudpickle *  1 * - *",
            "3.77 * set-up failed, 1 test",
            "*::test_lock",
            "  dump: unserializable obj?'l'??0?",
        ]
    )


def test_a_run_without_checks_says_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")

    assert "portability" not in pytester.runpytest().stdout.str()


def test_a_quiet_run_is_quiet(project: pytest.Pytester) -> None:
    assert "= portability =" not in project.runpytest("-q").stdout.str()


def test_workers_send_their_verdicts_into_one_report(project: pytest.Pytester) -> None:
    alone = project.runpytest("--portable-report=out/r.json")
    one = report_of(project)
    spread = project.runpytest("-p", "xdist", "-n2", "--portable-report=out/r.json")
    two = report_of(project)

    for result in (alone, spread):
        result.assert_outcomes(passed=3, failed=1, errors=1)
    assert one["summary"] == two["summary"]
    assert one["summary"]["checks"] == 3
    assert [check["test"] for check in one["checks"]] == [check["test"] for check in two["checks"]]
    assert one["setup_failures"][0]["test"].endswith("::test_none")
    assert one["checks"][0]["inspection"]["sizes"][0]["path"] == "obj"
    assert one["checks"][0]["location"][1] == 3


def test_several_reports_are_written_in_one_run(project: pytest.Pytester) -> None:
    result = project.runpytest(
        "--portable-report=out/r.md", "--portable-report=out/r.html", "--portable-report=github"
    )

    assert "not portable**" in (project.path / "out" / "r.md").read_text("utf-8")
    assert "<!doctype html>" in (project.path / "out" / "r.html").read_text("utf-8")
    result.stdout.fnmatch_lines(["::error file=*,line=*,title=unserializable*"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("r.htm", "*'r.htm' is no report; did you mean '.html'?*"),
        ("gihub", "*did you mean 'github'?*"),
    ],
)
def test_a_report_of_no_known_kind_is_a_usage_error(
    project: pytest.Pytester, value: str, message: str
) -> None:
    result = project.runpytest(f"--portable-report={value}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "workers"])
def test_junit_keeps_what_a_check_found(project: pytest.Pytester, workers: tuple[str, ...]) -> None:
    project.runpytest("--junitxml=j.xml", *workers)

    tree = ET.parse(project.path / "j.xml")
    cases = {case.get("name"): case for case in tree.iter("testcase")}
    kept = cases["test_lock"].findall("properties/property[@name='portable']")
    told = [json.loads(str(each.get("value"))) for each in kept]
    assert [(each["portable"], each["stage"]) for each in told] == [(False, "dump")]
    assert told[0]["problems"][0]["path"] == "obj['l'][0]"
    assert "stdout" not in told[0]
    assert cases["test_plain"].find("properties") is None


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")], ids=["alone", "workers"])
def test_checks_of_set_up_and_tear_down_are_in_every_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def before(portable): portable({"before": lambda: 1})

        @pytest.fixture
        def after(portable):
            portable([1])
            yield
            portable({"after": lambda: 1})

        def test_before(before): pass
        def test_after(portable, after): portable([2])
        """
    )

    result = pytester.runpytest(
        "--portable-report=r.json", "--portable-report=r.md", "--junitxml=r.xml", *workers
    )

    result.assert_outcomes(passed=1, errors=2)
    checks = json.loads((pytester.path / "r.json").read_text("utf-8"))["checks"]
    found = [(check["test"].rpartition("::")[2], check["portable"]) for check in checks]
    assert found == [
        ("test_before", False),
        ("test_after", True),
        ("test_after", True),
        ("test_after", False),
    ]
    assert "obj['before']" in (pytester.path / "r.md").read_text("utf-8")
    before, after = ET.parse(pytester.path / "r.xml").iter("testcase")
    assert [len(list(case.iter("property"))) for case in (before, after)] == [1, 3]


def test_verbosity_of_pytest_decides_how_much_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        class Raises:
            def __reduce__(self):
                raise ValueError("not today")

        def test_raises(portable):
            portable(Raises())
        """
    )

    plain, verbose = pytester.runpytest().stdout.str(), pytester.runpytest("-v").stdout.str()

    assert "traceback here:" not in plain
    assert "traceback here:" in verbose
    assert 'raise ValueError("not today")' in verbose
