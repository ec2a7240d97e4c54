"""A check that passes reads no payload: the graph is for failures, policies and inspections."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pytest_portable

PACKAGE = Path(pytest_portable.__file__).parent
# A process of its own, in which every call of every thread is watched.
SCRIPT = """
import collections, datetime, functools, sys, threading
from pathlib import Path

from pytest_portable.portable import portable_on
from pytest_portable.engine.session import Session
from pytest_portable.payload import graph
from pytest_portable.settings.legs import Leg

reads = []

def watch(frame, event, argument):
    if event == "call" and frame.f_code is graph.read.__code__:
        reads.append(frame.f_back.f_code.co_name)

folder, serializer, wanted = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
data = {
    "when": datetime.datetime(2024, 5, 1), "count": collections.Counter("aab"),
    "call": functools.partial(pow, 2), "class": collections.OrderedDict(a=[1, (2.5, b"x")]),
}
keys = dict(
    id="", python=sys.executable, deps=None, deps_id=None, serializer=serializer, protocol=None,
    options={}, install_serializer=True, timeout_seconds=60.0, env={}, round_trip=True,
    allow_bytecode=False, warnings="report", rtol=None, atol=None, max_bytes=None,
    forbid=("ctypes",) if wanted == "policy" else (), test="test.py::test",
)
threading.setprofile(watch)
sys.setprofile(watch)
session = Session(root=folder, cache_dir=folder / "cache")
try:
    verdict = portable_on(session, Leg(**keys))(data, probe="obj['call'](3)")
    assert verdict.portable and not verdict.problems, str(verdict)
    if wanted == "inspection":
        portable_on(session, Leg(**keys)).inspect(data)
finally:
    session.close()
sys.setprofile(None)
print(len(reads), reads)
"""


def count_reads(folder: Path, serializer: str, wanted: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), serializer, wanted],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
    )

    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[0])


@pytest.mark.parametrize("serializer", ["pickle", "dill", "cloudpickle"])
def test_a_passing_check_of_plain_data_reads_no_payload(serializer: str, tmp_path: Path) -> None:
    assert count_reads(tmp_path, serializer, "nothing") == 0


@pytest.mark.parametrize("wanted", ["policy", "inspection"])
def test_what_asks_about_the_payload_reads_it(wanted: str, tmp_path: Path) -> None:
    assert count_reads(tmp_path, "pickle", wanted) == 1
