"""How long a report of 2,000 checks takes to write and to show in a browser.

Run: `python benchmarks/bench_report_page.py`. Needs Debian's `chromium` and `playwright`. Budget:
the page shows its matrix in under a second. Seen on two cores: written in 0.05 s, shown in 0.4 s.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from pytest_portable.report.page import page
from pytest_portable.report.run import Run
from real.test_report_page import FLAGS, check

run = Run()
for number in range(500):
    run.checks += [
        check(number, minor=minor, code=code)
        for minor, code in ((9, "crash"), (10, None), (12, None), (13, None))
    ]
begun = time.perf_counter()
text = page(run)
print(f"written: {time.perf_counter() - begun:.2f} s, {len(text) / 1e6:.1f} MB")
with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
    path = Path(folder) / "report.html"
    path.write_text(text, "utf-8")
    browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
    times = []
    for _ in range(5):
        opened = browser.new_page()
        begun = time.perf_counter()
        opened.goto(path.as_uri())
        opened.locator("tbody tr").last.wait_for()
        times.append(time.perf_counter() - begun)
        opened.close()
    browser.close()
print("shown: " + ", ".join(f"{seconds:.2f} s" for seconds in times))
