"""A run of pytest that is cut short leaves no process and no folder behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pytest_portable

TESTS = """
import time
import pytest

class Hang:
    def __reduce__(self):
        return eval, ("__import__('subprocess').Popen(['sleep', '600']) "
                      "and print(1) or __import__('time').sleep(600)",)

def test_first(portable):
    portable([1])

@pytest.mark.portable(env={"OTHER": "agent"})
def test_second(portable):
    portable([2])

@pytest.mark.portable(round_trip=False)
def test_hang(portable):
    open("hanging", "w").close()
    portable(Hang())
"""


def processes_with(marker: str) -> dict[int, str]:
    """Give the processes that have a marker in their environment, with their commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_run_that_is_cut_short_leaves_nothing(tmp_path: Path, name: str) -> None:
    project, temporary = tmp_path / "project", tmp_path / "temporary"
    project.mkdir()
    temporary.mkdir()
    (project / "test_it.py").write_text(TESTS, "utf-8")
    source = str(Path(pytest_portable.__file__).parents[1])
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "pytest_portable.plugin"],
        cwd=project,
        env={
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            "TMPDIR": str(temporary),
            "PYTHONPATH": source,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PORTABLE_CACHE_DIR": str(tmp_path / "cache"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # A suite in the background of a shell ignores SIGINT, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
    # What the target starts is known by its home, which lies in our temporary folder.
    marker = f"TMPDIR={temporary}"
    until((project / "hanging").exists, "the run came to the check that hangs")
    until(
        lambda: any("sleep 600" in command for command in processes_with(marker).values()),
        "the check hangs",
    )

    run.send_signal(getattr(signal, name))
    run.communicate(timeout=60)

    until(lambda: not processes_with(marker), "every process is gone")
    until(lambda: not list(temporary.glob("pytest-portable-*")), "every folder is gone")


def until(is_so: object, what: str) -> None:
    """Wait until something is so."""
    assert callable(is_so)
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail(f"not within a minute: {what}")
