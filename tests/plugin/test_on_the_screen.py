"""What a person sees of a failure: colours, the terminal's width, places to click on."""

from __future__ import annotations

import re

import pytest

RED, GREEN, CYAN = "\x1b[31m", "\x1b[32m", "\x1b[36m"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makepyfile(
        seenshapes="""
        class Broken:
            def __setstate__(self, state):
                raise LookupError("no shape")
            def __init__(self):
                self.a = 1
        """,
        test_seen="""
        import pytest, seenshapes

        @pytest.mark.portable(ship=["seenshapes"])
        def test_load(portable):
            portable([seenshapes.Broken()])

        def test_missing(portable):
            portable([seenshapes.Broken()])
        """,
    )
    pytester.syspathinsert()
    return pytester


@pytest.mark.parametrize("more", [(), ("--tb=short",), ("-p", "xdist", "-n", "1")])
def test_a_failure_is_shown_in_colours_where_pytest_shows_any(
    project: pytest.Pytester, more: tuple[str, ...]
) -> None:
    coloured = project.runpytest_subprocess("--color=yes", *more).stdout.str()
    plain = project.runpytest_subprocess("--color=no", *more).stdout.str()
    assert re.search(rf"{re.escape(RED)}.*missing-module", coloured)
    assert re.search(rf"{re.escape(CYAN)} +obj\[0\]", coloured)
    assert f"{GREEN} send its source along: " in coloured
    assert "\x1b" not in plain
    kept = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in coloured.splitlines()]
    shown = [line for line in plain.splitlines() if line.startswith("E ")]
    assert [line for line in kept if line.startswith("E ")] == shown


@pytest.mark.parametrize(("columns", "longest"), [(60, 60), (80, 80), (120, 120)])
def test_a_diagnosis_is_as_wide_as_the_terminal(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, columns: int, longest: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = project.runpytest_subprocess("-p", "xdist", "-n", "1").outlines
    whole = ("by hand:", "PortabilityError:")
    held = [line for line in lines if line.startswith("E ") and not any(w in line for w in whole)]
    assert longest - 20 < max(map(len, held)) <= longest


def test_a_place_in_shipped_source_is_that_of_the_source_itself(project: pytest.Pytester) -> None:
    text = project.runpytest_subprocess().stdout.str()
    assert "(seenshapes.py:3)" in text
    assert "it lives in seenshapes.py" in " ".join(text.replace("\nE  ", "").split())
    assert "-shipped" not in text
    assert text.count("codes: https://") == 1
