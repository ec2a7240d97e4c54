"""Objects that forge the answer about themselves, where it is written, sent and kept.

Each attack runs while the object is loaded, in the target. The host survives, says what it was,
obeys no path, and nothing is left; the next object is judged as if nothing had been.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_portable.agent.process import GRACE_SECONDS
from pytest_portable.engine.session import Session
from pytest_portable.errors import SetupError
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg

LIMIT_SECONDS = 4.0
SLOW = {"torn answer", "stopped agent", "forged answer", "garbage answer", "endless answer"}
TOOLS = r"""
import json, os, signal, time, shutil

def message(header, *blobs, body=None, ticket=0):
    text = header if isinstance(header, bytes) else json.dumps(
        {"blobs": [len(blob) for blob in blobs], **header}).encode()
    body = b"".join(blobs) if body is None else body
    numbers = len(text), len(body), ticket, 0
    return b"".join(number.to_bytes(8, "big") for number in numbers) + text + body

def links(pid="self"):
    for number in os.listdir("/proc/%s/fd" % pid):
        try:
            yield int(number), os.readlink("/proc/%s/fd/%s" % (pid, number))
        except OSError:
            pass

def records():
    return next((number, path) for number, path in links() if "/records-" in path)

def record(header, *blobs, **rest):
    os.write(records()[0], message(header, *blobs, **rest))

def pipes_of_the_agent():
    for number, path in links(os.getppid()):
        if path.startswith("pipe:"):
            try:
                path = "/proc/%d/fd/%d" % (os.getppid(), number)
                yield os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                pass

def tell_the_host(data):
    for pipe in pipes_of_the_agent():
        try:
            os.write(pipe, data)
        except OSError:
            pass

DUMPED = {"name": "obj", "dumper": "pickle:dumps", "type": ["builtins", "int"]}
ERROR = {"type": "E", "module": "m", "message": "x", "traceback": ""}
def move_in(make):
    path = records()[1]
    os.unlink(path)
    make(path)

def move_scratch(make):
    path = os.path.dirname(records()[1])
    shutil.rmtree(path)
    make(path)
"""


class Attack(NamedTuple):
    """What an object does while it is loaded.

    Attributes:
        source: it.
        codes: of the problems that may be found; empty where the run may end as a set-up failure.
        said: what the first problem says.
    """

    source: str
    codes: tuple[str, ...] = ("early-exit",)
    said: str = "tampered with the answer"


ATTACKS = {
    "no json": Attack("record(b'nonsense')"),
    "deep": Attack("record(b'[' * 200000)"),
    "deep causes": Attack(
        "chain = dict(ERROR)\n"
        "for _ in range(400): chain = {**ERROR, 'cause': chain}\n"
        "record({'failed': 'loading', 'name': 'obj', 'error': chain})",
        ("early-exit", "load-hook"),
        "",
    ),
    "list": Attack("record(b'[1]')"),
    "no key": Attack("record({'loaded': 'obj'})"),
    "unknown": Attack("record({'surprise': 'obj'})"),
    "type": Attack("record({'step': ['loading'], 'name': 'obj'})"),
    "step": Attack("record({'step': 'dancing', 'name': 'obj'})"),
    "nobody": Attack("record({'failed': 'loading', 'name': 'nobody', 'error': ERROR})"),
    "early": Attack("record({'returned': 'obj', **DUMPED}, b'N.')"),
    "value": Attack("record({'loaded': 'obj', 'loader': 'pickle:loads'})"),
    "loader": Attack("record({'loaded': 'obj', 'loader': 'os:system'})"),
    "portrait": Attack("record({'portrait': 'object', 'type': ['a', 'b'], 'seconds': 1.0}, b'{}')"),
    "finished": Attack("record({'finished': 'x'})"),
    "census": Attack("record({'stdlib': [], 'owners': {}})"),
    "blobs": Attack("record({'step': 'loading', 'blobs': [-1, 1]}, body=b'')"),
    "sizes": Attack("record({'step': 'loading', 'blobs': [1 << 62]}, body=b'')"),
    "passwd": Attack(
        "record({'loaded': 'obj', 'loader': 'pickle:loads',"
        " 'beside': {'file': VICTIM, 'places': [[0, 4]]}})"
    ),
    "climb": Attack(
        "record({'loaded': 'obj', 'loader': 'pickle:loads',"
        " 'beside': {'file': '../' + os.path.basename(VICTIM), 'places': [[0, 4]]}})"
    ),
    "link beside": Attack(
        "os.symlink(VICTIM, records()[1] + '-9')\n"
        "record({'loaded': 'obj', 'loader': 'pickle:loads', 'beside':"
        " {'file': os.path.basename(records()[1]) + '-9', 'places': [[0, 4]]}})"
    ),
    "fifo beside": Attack(
        "os.mkfifo(records()[1] + '-9')\n"
        "record({'loaded': 'obj', 'loader': 'pickle:loads', 'beside':"
        " {'file': os.path.basename(records()[1]) + '-9', 'places': [[0, 4]]}})"
    ),
    "huge beside": Attack(
        "open(records()[1] + '-9', 'w').close()\n"
        "record({'loaded': 'obj', 'loader': 'pickle:loads', 'beside':"
        " {'file': os.path.basename(records()[1]) + '-9', 'places': [[0, 1 << 50]]}})"
    ),
    "truncated": Attack("os.ftruncate(records()[0], 0)\nrecord(b'nonsense')"),
    "sparse": Attack("os.ftruncate(records()[0], 3 << 30)"),
    "sparse claim": Attack(
        "os.write(records()[0], ((1 << 40)).to_bytes(8, 'big') * 4)\n"
        "os.ftruncate(records()[0], 3 << 30)",
        said="",
    ),
    "removed": Attack("os.unlink(records()[1])", said=""),
    "link": Attack("move_in(lambda path: os.symlink(VICTIM, path))", said=""),
    "fifo": Attack("move_in(os.mkfifo)", said=""),
    "folder": Attack("move_in(os.mkdir)", said=""),
    "every descriptor": Attack(
        "for number, path in list(links()):\n"
        "    if number > 2:\n"
        "        try: os.write(number, message({'finished': 'x'}))\n"
        "        except OSError: pass\n",
        said="",
    ),
    "closed descriptors": Attack("os.closerange(3, 200)", said=""),
    "forged answer": Attack("tell_the_host(message({'status': 'x'}))\ntime.sleep(1)"),
    "garbage answer": Attack("tell_the_host(b'x' * 64)\ntime.sleep(1)"),
    "endless answer": Attack("tell_the_host((1 << 60).to_bytes(8, 'big') * 4)\ntime.sleep(1)"),
    "torn answer": Attack(
        "tell_the_host(message({'status': 1})[:-5])\nos.kill(os.getppid(), signal.SIGSTOP)\n"
        "time.sleep(60)",
        ("timeout", "early-exit"),
        said="",
    ),
    "stopped agent": Attack(
        "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)", ("timeout",), "did not finish"
    ),
    "killed agent": Attack("os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)", ()),
    "no scratch": Attack("shutil.rmtree(os.path.dirname(records()[1]))", said=""),
    # All else of it is fine, but that it comes back as a number.
    "no folder": Attack("os.rmdir(os.getcwd())", ("mismatch",), ""),
    "scratch is a file": Attack("move_scratch(lambda path: open(path, 'w').close())", said=""),
    "scratch is a link": Attack(
        "move_scratch(lambda path: os.symlink(os.path.dirname(VICTIM), path))", said=""
    ),
    "deep folder": Attack(
        "for _ in range(1500): os.mkdir('a'); os.chdir('a')", ("side-effect",), ""
    ),
    "many files": Attack(
        "for number in range(3000): open('f%d' % number, 'w').close()", ("side-effect",), ""
    ),
    "full": Attack("import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", said=""),
    "no descriptors": Attack(
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))", ("mismatch",), ""
    ),
    "folder is a link": Attack(
        "path = os.getcwd(); os.rmdir(path); os.symlink(os.path.dirname(VICTIM), path)",
        ("mismatch",),
        "",
    ),
    "daemon beside a killed agent": Attack(
        "if not os.fork():\n"
        "    os.setsid()\n"
        "    if os.fork(): os._exit(0)\n"
        "    time.sleep(60)\n"
        "    os._exit(0)\n"
        "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)",
        (),
    ),
    "folder mode": Attack(
        "os.mkdir('a'); os.chmod('a', 0); os.chmod('.', 0)", ("early-exit", "side-effect"), ""
    ),
}


class Evil:
    """Attacks when it is loaded, and is 1 then."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __reduce__(self) -> tuple[object, ...]:
        # After a difference the host loads the payload of its own object once more.
        attack = f"if os.getpid() != {os.getpid()}:\n    exec({self.source!r})"
        return eval, (f"exec({attack!r}, {{'os': __import__('os')}}) or 1",)


def left_processes(folder: Path) -> list[str]:
    """Return the command lines of what still runs with a home in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"HOME={folder}/".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portable]:
    folder = tmp_path_factory.mktemp("forged")
    temporary = folder / "temporary"
    temporary.mkdir()
    before = descriptors()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        session = Session(root=folder, cache_dir=folder / "cache")
        leg = Leg(python=sys.executable, deps=None, timeout_seconds=LIMIT_SECONDS)
        yield portable_on(session, leg)
        assert list(temporary.iterdir())
        session.close()
    assert not list(temporary.iterdir())
    assert not left_processes(temporary)
    assert descriptors() == before


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in ATTACKS],
)
def test_the_host_survives_and_tells(portable: Portable, tmp_path: Path, name: str) -> None:
    attack, victim = ATTACKS[name], tmp_path / "victim"
    victim.write_text("mine")
    source = f"{TOOLS}\nVICTIM = {str(victim)!r}\n{attack.source}\n"
    begun = time.monotonic()

    if not attack.codes:
        with pytest.raises(SetupError):
            portable.check([Evil(source)])
    else:
        verdict = portable.check([Evil(source)])
        assert not verdict.portable
        assert verdict.problems[0].code in attack.codes, str(verdict)
        assert attack.said in verdict.problems[0].message

    assert victim.read_text() == "mine"
    # The agent gets some seconds to keep the limit itself.
    assert time.monotonic() - begun < LIMIT_SECONDS + GRACE_SECONDS + 1.5
    assert portable.check([1, 2])
