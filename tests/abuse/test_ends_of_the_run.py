"""What an object raises ends no run of pytest; Ctrl-C does, whatever the object makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pytest_portable

ENDINGS = '''
import os
import pytest

class Ends:
    """Raises in one of its methods, in the process that made it."""

    def __init__(self, hook, kind):
        self.hook, self.kind, self.home = hook, kind, os.getpid()

    def end(self, hook):
        if hook == self.hook and os.getpid() == self.home:
            raise self.kind

    def __getstate__(self):
        self.end("__getstate__")
        return self.__dict__

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.end("__setstate__")

    def __eq__(self, other):
        self.end("__eq__")
        return type(self) is type(other) and self.kind == other.kind

    __hash__ = None

    def __repr__(self):
        self.end("__repr__")
        return "ends"

@pytest.mark.portable(serializer="cloudpickle", by_value=[__name__])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("hook", ["__getstate__", "__setstate__", "__eq__", "__repr__"])
def test_hook(portable, hook, kind):
    verdict = portable.check(Ends(hook, kind))
    assert verdict.portable == (hook in ("__eq__", "__repr__")), str(verdict)

@pytest.mark.portable()
@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_probe(portable, kind):
    verdict = portable.check(os.getpid(), probe=f"exec('raise {kind}') if obj == "
                             "__import__('os').getpid() else 1")
    assert kind in str(verdict)

def test_last():
    pass
'''

PATIENT = """
import time
import pytest

class Patient:
    def __getstate__(self):
        open("waiting", "w").close()
        try:
            time.sleep(60)
        except BaseException:
            pass
        return {}

def test_patient(portable):
    portable.check(Patient())

def test_next():
    open("next", "w").close()
"""


def run(project: Path, text: str) -> subprocess.Popen[str]:
    """Start pytest on a file of tests, as from a shell."""
    project.mkdir()
    (project / "test_it.py").write_text(text, "utf-8")
    source = str(Path(pytest_portable.__file__).parents[1])
    plugins = ("-p", "pytest_portable.plugin", "-p", "no:cacheprovider")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *plugins, "test_it.py"],
        cwd=project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": source,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PORTABLE_CACHE_DIR": str(project / "cache"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A suite in the background of a shell ignores SIGINT, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )


@pytest.mark.slow
def test_what_an_object_raises_ends_no_run(tmp_path: Path) -> None:
    process = run(tmp_path / "project", ENDINGS)
    said, _ = process.communicate(timeout=120)

    assert process.returncode == 0, said
    assert "16 passed" in said


@pytest.mark.slow
def test_ctrl_c_ends_the_run_even_where_the_object_swallows_it(tmp_path: Path) -> None:
    process = run(tmp_path / "project", PATIENT)
    waiting = tmp_path / "project" / "waiting"
    for _ in range(600):
        if waiting.exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, said
    assert not (tmp_path / "project" / "next").exists()
