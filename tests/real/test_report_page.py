"""The HTML report in a real headless browser."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.report.page import page as render_page
from pytest_portable.report.run import Run
from pytest_portable.verdict import Problem, Remedy, Target, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

# Chromium looks its maker's hosts up at every start unless it is told not to.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Debian's chromium")
        pytest.skip("no chromium on PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


def check(number: int, *, minor: int, code: str | None = None) -> dict[str, Any]:
    problems = (
        ()
        if code is None
        else (Problem(code, "load", HOSTILE, "obj['w'][0]", remedies=(Remedy("add", '"six"'),)),)
    )
    verdict = Verdict(
        portable=not problems,
        stage="load" if problems else None,
        problems=problems,
        notes=(),
        object="dict",
        serializer="pickle",
        protocol=4,
        payload_bytes=2000,
        target=Target(f"3.{minor}.1", "cpython", "linux", f"/{minor}", {"numpy": "2.0"}),
        leg={"python": None, "deps": [], "id": f"py3.{minor}", "label": f"py3.{minor}"},
        seconds={"total": 0.5},
        stdout=HOSTILE,
        test=f"tests/test_{number % 40}.py::test_{number}[py3.{minor}]",
    )
    sizes = [{"path": "obj", "bytes": 2000}, {"path": "obj['w']", "bytes": 900}]
    reference = {"module": "six", "qualname": "moves", "paths": ["obj['w']"], "by": "reference"}
    inspection = {"sizes": sizes, "references": [{**reference, "stdlib": False}]}
    return {**verdict.to_dict(), "location": ["t.py", number], "inspection": inspection}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    run = Run()
    for number in range(500):
        for minor in (9, 10, 12, 13):
            code = "missing-distribution" if number % 10 == 0 and minor == 9 else None
            run.checks.append(check(number, minor=minor, code=code))
    path = tmp_path / "report.html"
    path.write_text(render_page(run), "utf-8")
    return path


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(str(error)))
    opened.on("console", lambda message: opened.troubles.append(message.text))
    opened.on("request", lambda request: opened.troubles.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    opened.close()


def test_it_opens_by_itself_and_runs_nothing_of_the_payload(page: Any, report: Path) -> None:
    assert page.title() == "Portability: 50 of 2000 checks failed"
    assert page.locator("tbody tr").count() == 500
    assert [
        text for text in page.locator("thead th").all_inner_texts() if text.startswith("py")
    ] == ["py3.9, pickle", "py3.10, pickle", "py3.12, pickle", "py3.13, pickle"]

    page.locator(".cell.no").first.click()

    assert HOSTILE in page.locator("#detail .problem").first.inner_text()
    assert page.title().startswith("Portability")
    assert page.troubles == [report.as_uri()]


def test_a_verdict_shows_its_stages_its_tree_and_its_fix(page: Any) -> None:
    page.locator(".cell.no").first.click()
    detail = page.locator("#detail")

    assert detail.locator(".stages .no").inner_text() == "load"
    assert detail.locator(".tree .row.no").inner_text().startswith("[0]")
    assert "six.moves" in detail.locator(".tree").inner_text()
    assert detail.locator(".fix .copy").count() >= 1
    assert "#check-3" in page.url

    page.keyboard.press("Escape")

    assert detail.is_hidden()


def test_search_and_filter_leave_what_matches(page: Any) -> None:
    shown = page.locator("#shown")

    page.locator("#search").fill("test_499")
    assert shown.inner_text() == "4 of 2000 checks"

    page.locator("#search").fill("")
    page.get_by_label("Failed").check()
    assert shown.inner_text() == "50 of 2000 checks"

    page.locator("#search").fill("no such thing")
    assert page.locator("#empty").is_visible()


def test_the_keyboard_reaches_every_verdict(page: Any) -> None:
    page.locator("#search").focus()
    page.keyboard.press("Tab")  # the filter
    page.keyboard.press("Tab")  # the scrolling matrix or its first cell
    if not page.evaluate("document.activeElement.matches('.cell')"):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")

    assert label == "tests/test_10.py::test_10, py3.10, pickle: portable"

    page.keyboard.press("Enter")

    assert page.locator("#detail").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_reader_in_light_and_dark(browser: Any, report: Path, scheme: str) -> None:
    opened = browser.new_page(color_scheme=scheme)
    opened.goto(report.as_uri())
    before = opened.evaluate("getComputedStyle(document.body).backgroundColor")
    assert opened.evaluate("document.documentElement.dataset.theme") == scheme

    opened.locator("#theme").click()

    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") != before
    opened.close()


@pytest.fixture
def broken(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page of two tests that broke, the last one before anything was checked."""
    run = Run()
    for number in (1, 2, 3):
        run.checks.append(check(number, minor=12, code="crash" if number == 2 else None))
    failure = {"test": "tests/test_4.py::test_4", "leg": "3.12", "serializer": "pickle"}
    message = f"cannot install{HOSTILE}\n  uv said: no"
    run.add({"setup_failure": {**failure, "id": "", "message": message}})
    path = tmp_path / "broken.html"
    path.write_text(render_page(run), "utf-8")
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    opened.goto(path.as_uri())
    yield opened
    opened.close()


def test_what_broke_comes_first(broken: Any) -> None:
    rows = broken.locator("tbody th").all_inner_texts()
    assert [row.rpartition("_")[2] for row in rows] == ["2", "4", "1", "3"]


def test_a_set_up_failure_is_a_cell_of_the_matrix(broken: Any) -> None:
    assert broken.locator("thead th").all_inner_texts()[:2] == ["test", "py3.12, pickle"]
    broken.get_by_label("test_4, py3.12, pickle").click()
    detail = broken.locator("#detail")
    assert detail.locator(".badge").inner_text() == "not checked"
    assert f"cannot install{HOSTILE}" in detail.inner_text()
    assert "uv said: no" in detail.inner_text()
    assert broken.locator("#shown").inner_text() == "3 of 3 checks"
    assert "1\nset-up failure" in broken.locator(".counts").inner_text()


def test_a_phone_shows_the_page_without_moving_it_sideways(broken: Any) -> None:
    width = "document.documentElement.scrollWidth"
    assert broken.evaluate(width) == 390
    broken.locator(".cell.no").first.click()
    assert broken.evaluate(width) == 390
    top = broken.locator("#detail").bounding_box()["y"]
    assert 0 <= top < 400  # what was opened is what one sees
