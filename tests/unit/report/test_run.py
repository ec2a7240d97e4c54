from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pytest_portable.report.markdown import annotation_lines, markdown
from pytest_portable.report.run import Run, column_of, row_of
from pytest_portable.report.summary import CODES, summary_lines
from pytest_portable.report.writing import write_report
from pytest_portable.verdict import Problem, Remedy, Target, Verdict

if TYPE_CHECKING:
    from pathlib import Path


def verdict(  # noqa: PLR0913 - one word for each thing that varies
    test: str = "test_a.py::test_x",
    *,
    leg: str = "",
    label: str = "py3.12",
    code: str | None = None,
    message: str = "needs yaml, which nothing brings",
    path: str = "obj['w']",
) -> dict[str, Any]:
    problems = (
        ()
        if code is None
        else (Problem(code, "load", message, path, remedies=(Remedy("add it", '"x"'),)),)
    )
    found = Verdict(
        portable=not problems,
        stage="load" if problems else None,
        problems=problems,
        notes=(),
        object="dict",
        serializer="pickle",
        protocol=4,
        payload_bytes=40,
        target=Target("3.12.1", "cpython", "linux", "/x/python", {"numpy": "2.0"}),
        leg={"python": None, "deps": [], "id": leg, "label": label, "deps_id": None},
        seconds={"total": 0.5},
        test=test,
    )
    return {**found.to_dict(), "location": ["test_a.py", 3]}


def run_of(*checks: dict[str, Any]) -> Run:
    run = Run(settings="portable: here")
    run.add({"checks": list(checks)})
    return run


@pytest.mark.parametrize(
    ("test", "leg", "row"),
    [
        ("a.py::t[py3.10]", "py3.10", "a.py::t"),
        ("a.py::t[py3.10-dill-n1]", "py3.10-dill", "a.py::t[n1]"),
        ("a.py::t[n1-py3.10]", "py3.10", "a.py::t[n1]"),
        ("a.py::t[n1-py3.10-n2]", "py3.10", "a.py::t[n1-n2]"),
        ("a.py::t[n1]", "", "a.py::t[n1]"),
    ],
)
def test_a_row_is_the_test_without_its_leg(test: str, leg: str, row: str) -> None:
    assert row_of(verdict(test, leg=leg)) == row


def test_columns_compare_numbers_as_numbers() -> None:
    run = run_of(*(verdict(label=f"py3.{minor}") for minor in (10, 9, 13)))

    assert run.columns() == ["py3.9, pickle", "py3.10, pickle", "py3.13, pickle"]
    assert column_of(verdict()) == "py3.12, pickle"


def test_the_report_is_what_its_schema_says(tmp_path: Path) -> None:
    run = run_of(verdict(), verdict(code="missing-distribution"))
    run.add({"setup_failure": {"test": "t", "leg": "3.77", "message": "none"}})
    run.add({"environment": {"leg": "py3.12", "executable": "/x", "seconds": 2.0}})
    schema = json.loads((files("pytest_portable.report") / "schema.json").read_text("utf-8"))
    said = list(write_report(run, str(tmp_path / "new" / "r.json")))

    report = json.loads((tmp_path / "new" / "r.json").read_text("utf-8"))
    assert said == [f"report: {tmp_path / 'new' / 'r.json'}"]
    jsonschema.validate(report, schema)
    assert report["summary"]["by_code"] == {"missing-distribution": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, "checks": [{"portable": True}]}, schema)


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    (said,) = write_report(run_of(verdict()), str(tmp_path / "file" / "r.md"))

    assert "could not be written" in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_markdown_holds_the_matrix_and_every_diagnosis() -> None:
    bad = verdict("a.py::t[py3.10]", leg="py3.10", label="py3.10", code="crash")
    text = markdown(run_of(verdict("a.py::t[py3.12]", leg="py3.12"), bad))

    assert "| test | py3.10, pickle | py3.12, pickle |" in text
    assert "| `a.py::t` | **crash** | ok |" in text
    assert "```text\ndict is not portable to py3.10" in text


def test_markdown_and_annotations_survive_hostile_text() -> None:
    bad = verdict(code="load-hook", message="</details> ```\n::error::x % | <script>")
    text = markdown(run_of(bad))
    (line,) = annotation_lines(run_of(bad))

    assert "````text" in text
    assert line.startswith("::error file=test_a.py,line=3,title=load-hook (py3.12%2C pickle)::")
    assert "\n" not in line
    assert "%0A" in line


def test_the_summary_groups_what_fails_alike() -> None:
    legs = [
        verdict(f"a.py::t[py3.{n}]", leg=f"py3.{n}", label=f"py3.{n}", code="crash")
        for n in (10, 12)
    ]
    lines = list(summary_lines(run_of(*legs, verdict())))

    assert lines.count("a.py::t") == 1
    assert "  on py3.10, pickle; py3.12, pickle" in lines
    assert lines[-1] == f"codes: {CODES}"
    assert max(map(len, lines[:-1])) <= 80


def test_what_was_expected_to_fail_is_no_failure_of_the_run() -> None:
    expected = {**verdict("a.py::x", code="crash"), "expected": True}
    run = run_of(expected, verdict("a.py::y", code="crash"), verdict("a.py::z"))

    counts = run.summary()
    assert [counts[name] for name in ("checks", "portable", "not_portable", "expected")] == [
        3,
        1,
        1,
        1,
    ]
    assert counts["by_code"] == {"crash": 1}
    lines = list(summary_lines(run))
    assert "a.py::y" in lines
    assert "a.py::x" not in lines
    assert re.search(r"  3 +1 ", lines[1])


def test_a_run_that_found_nothing_names_no_codes() -> None:
    assert CODES not in "".join(summary_lines(run_of(verdict())))


def test_slow_environments_are_named_by_what_they_hold() -> None:
    run = run_of(verdict())
    for number, deps in enumerate((["numpy", "pandas>=2"], [], None)):
        run.environments[str(number)] = {"leg": "py3.12", "seconds": 9.0 - number, "deps": deps}
    assert list(summary_lines(run))[-4:] == [
        "slowest environments:",
        "  9.0 s  py3.12, numpy, pandas>=2",
        "  8.0 s  py3.12, bare",
        "  7.0 s  py3.12, as it is",
    ]


def on_legs(*minors: int, test: str = "a.py::t", code: str = "crash") -> list[dict[str, Any]]:
    return [
        verdict(f"{test}[py3.{n}]", leg=f"py3.{n}", label=f"py3.{n}", code=code) for n in minors
    ]


def test_markdown_and_annotations_group_what_fails_alike() -> None:
    run = run_of(*on_legs(10, 12, 13), *on_legs(10, code="timeout"))
    text, lines = markdown(run), list(annotation_lines(run))

    assert text.count("<details>") == len(lines) == 2
    assert "<summary>a.py::t</summary>" in text
    assert "\n  the same on: py3.12, pickle; py3.13, pickle\n" in text
    assert "title=crash (py3.10%2C pickle and 2 more)::" in lines[0]
    assert "<summary>a.py::t[py3.10]</summary>" in text


def test_github_is_given_no_more_annotations_than_it_shows() -> None:
    run = run_of(*(verdict(f"a.py::t{n}", code="crash") for n in range(12)))
    run.add({"setup_failure": {"test": "t", "leg": "3.77", "message": "none"}})

    *errors, last = annotation_lines(run)

    assert len(errors) == 10
    assert last == "::notice title=portability::3 more failures are in the summary of the run"
    assert markdown(run).count("<details>") == 12


def test_one_failure_of_set_up_is_told_once() -> None:
    run = run_of(verdict())
    for name in "abcdefg":
        run.add({"setup_failure": {"test": f"t.py::{name}", "leg": "3.77", "message": "no Python"}})

    assert list(annotation_lines(run)) == ["::error title=set-up failure of 7 tests::no Python"]
    assert markdown(run).count("no Python") == 1
    assert "`t.py::a`; `t.py::b`; `t.py::c`; `t.py::d`; `t.py::e`; and 2 more" in markdown(run)


def test_github_appends_its_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    lines = list(write_report(run_of(verdict(code="crash")), "github"))

    assert lines[0].startswith("::error ")
    assert path.read_text("utf-8").startswith("before\n# Portability")

    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert "no job summary" in list(write_report(run_of(verdict()), "github"))[-1]
