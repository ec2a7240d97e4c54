"""The process of one check: forked before its request comes, ended when its answer is known."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os
import signal
import stat
import sys

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.asking import read_name
    from pytest_portable.agent.in_target.check import SHIPPED, Actions, ChildCheck
    from pytest_portable.agent.in_target.describe import place_of, text_of
    from pytest_portable.agent.in_target.folders import make_inside, remove_tree
    from pytest_portable.agent.in_target.limits import (
        CHUNK_BYTES,
        MAX_EVIDENCE_BYTES,
        MAX_RECORDS_BYTES,
        SPILL_BYTES,
    )
    from pytest_portable.agent.in_target.loading import KeptWarnings
    from pytest_portable.agent.in_target.messages import encode, receive
    from pytest_portable.agent.in_target.processes import (
        PR_SET_PDEATHSIG,
        flush,
        kill_group,
        orphans,
        with_pid,
    )


# A new file, whatever lies there, through no link.
RECORDING = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND


def rehearsal(name: str) -> bytes:
    """Return a small request that takes the steps of most checks with a serializer."""
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec("def make(number):\n    return lambda: number\nfunction = make(1)", scope)
    value = [1, 2.5, "a", {}, ()] if name == "pickle" else scope["function"]
    payload = {
        "name": "obj",
        "loaders": [["%s:loads" % name, {}]],
        "file": None,
        "stream_loaders": [],
        "beside": None,
    }
    request: dict[str, object] = {
        "kind": "check",
        "nonce": "",
        "payloads": [payload],
        "dumpers": [["%s:dumps" % name, {}]],
        "protocol": None,
        "outside": False,
        "round_trip": True,
    }
    return b"".join(encode(request, (sys.modules[name].dumps(value),)))


class Pipe:
    """The reading end of one of the child's streams, kept up to a limit, cut in the middle."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.total = 0
        self.head = bytearray()
        self.tail = bytearray()

    def take(self) -> bool:
        """Read what is there; false at the end of the stream."""
        part = os.read(self.read_end, CHUNK_BYTES)
        self.total += len(part)
        half = MAX_EVIDENCE_BYTES // 2
        room = max(0, half - len(self.head))
        self.head += part[:room]
        self.tail += part[room:]
        del self.tail[:-half]
        return bool(part)

    def finish(self) -> bytes:
        """Take the rest without waiting for grandchildren, and return what was kept."""
        os.set_blocking(self.read_end, False)
        try:
            while self.take():
                pass
        except BlockingIOError:
            pass
        os.close(self.read_end)
        return bytes(self.head + self.tail)


class Workplace:
    """What the agent prepared for all of its children.

    Attributes:
        descriptors: what no child may keep open.
        scratch: the folder that holds theirs.
        spill: whether the host sees that folder: then big answers stay in it.
        prctl: of the C library, where there is one.
        kept: warnings, from the time when everything was imported.
        rehearsal: a small request that a child takes while nobody waits.
    """

    def __init__(  # noqa: PLR0913 - one for each attribute
        self,
        descriptors: tuple[int, ...],
        scratch: str,
        *,
        spill: bool,
        prctl: Any,
        kept: KeptWarnings,
        rehearsal: bytes,
    ) -> None:
        self.descriptors = descriptors
        self.scratch = scratch
        self.spill = spill
        self.prctl = prctl
        self.kept = kept
        self.rehearsal = rehearsal


class IsChild(BaseException):
    """Raised in a fresh process, to leave all frames of the one that forked it.

    Attributes:
        steps: of its life; see `act`.
    """

    def __init__(self, steps: Actions) -> None:
        super().__init__()
        self.steps = steps


def act(steps: Actions | None) -> None:
    """Do what steps yield, and send them what it returns and raises; see `outcome`.

    Code of the user's runs here. A frame above a script's own, and no more, is below it: so deep
    objects load as they do in a script, and code that looks at its callers finds as many.
    """
    done: tuple[Any, BaseException | None] | None = None
    while steps is not None:
        try:
            action = steps.send(done)
        except StopIteration:
            return
        done = None  # what it was sent lives as long as it needs it, and no longer
        try:
            done = action(), None
        except BaseException as error:
            done = None, error


class Child:
    """A fresh process, set up already, that waits for the one request it will serve.

    Where that request is there already, it is hurried: it skips the rehearsal.
    """

    def __init__(self, place: Workplace, number: int, *, is_hurried: bool) -> None:
        # No child can know what those after it are called, and lay something in their way.
        name = "%d-%s" % (number, os.urandom(8).hex())
        self.cwd = os.path.join(place.scratch, "check-" + name)
        self.records = os.path.join(place.scratch, "records-" + name)
        make_inside(place.scratch, self.cwd)
        requests, done = os.pipe(), os.pipe()
        self.streams = (Pipe(), Pipe())
        self.requests, self.done = requests[1], done[0]
        self.pid = os.fork()
        if self.pid == 0:
            raise IsChild(self.live(place, requests[0], done[1], is_hurried=is_hurried))
        for end in (requests[0], done[1], *(pipe.write_end for pipe in self.streams)):
            os.close(end)

    def live(self, place: Workplace, requests: int, done: int, *, is_hurried: bool) -> Actions:
        """Set this fresh process up, serve one request, and end without coming back."""
        code = 70
        try:
            if place.prctl is not None:
                place.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            os.setsid()
            signal.set_wakeup_fd(-1)
            _signal.signal(signal.SIGCHLD, _signal.SIG_DFL)
            records = os.open(self.records, RECORDING, 0o600)
            for target, pipe in enumerate(self.streams, 1):
                os.dup2(pipe.write_end, target)
                os.close(pipe.write_end)
                os.close(pipe.read_end)
            for number in (self.requests, self.done, *place.descriptors):
                os.close(number)
            os.chdir(self.cwd)
            place.kept.take()
            if not is_hurried:
                self.rehearse(place)
            beside = self.records if place.spill else ""
            yield from ChildCheck(receive(requests), records, place.kept, beside).run()
            os.write(done, b".")
            code = 0
            # The agent is often woken on this same processor, and the end of a process takes time:
            # so wait here until the agent has sent the answer and kills this process.
            os.read(requests, 1)
        except EOFError:  # the agent is gone and nobody asks any more
            pass
        except BaseException as error:
            if code:  # else everything is recorded, and user code closed a descriptor of ours
                what = "agent: %s: %s (%s)\n" % (
                    read_name(type(error)),
                    text_of(error),
                    place_of(error),
                )
                os.write(2, what.encode("utf-8", "replace"))
        finally:
            flush()
            os._exit(code)

    def rehearse(self, place: Workplace) -> None:
        """Touch what every check touches while nobody waits: fresh processes are slow at first."""
        null, kept = os.open(os.devnull, os.O_WRONLY), KeptWarnings()
        try:
            act(ChildCheck(place.rehearsal, null, kept, "").run())
        except Exception:  # some release of a serializer cannot do this: then it is only slow
            pass
        kept.end()
        os.close(null)

    def dismiss(self) -> None:
        """Kill the child and its process group, without waiting for their end."""
        for number in (self.requests, self.done):
            os.close(number)
        kill_group(self.pid, signal.SIGKILL)

    def bury(self, successor: int = 0) -> None:
        """Wait for the end of a dismissed child; kill daemons that had left its group."""
        with_pid(os.waitpid, self.pid, 0)
        for _ in range(100):
            children = [pid for pid in orphans() if pid != successor]
            for child in children:
                with_pid(os.kill, child, signal.SIGKILL)
            for child in children:
                with_pid(os.waitpid, child, 0)
            if not children:
                break
        remove_tree(self.cwd)
        remove_tree(self.cwd + SHIPPED)


def read_records(path: str, spill: bool) -> tuple[bytes, str | None]:
    """Return the records, or the name of their file where it is large and the host sees it."""
    try:
        records = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # the child ended before it was set up, or user code laid something else there
        return b"", None
    found = os.fstat(records)
    if not stat.S_ISREG(found.st_mode):
        os.close(records)
        return b"", None
    size = min(found.st_size, MAX_RECORDS_BYTES)
    if spill and size > SPILL_BYTES:
        os.close(records)
        return b"", os.path.basename(path)
    data = os.read(records, size)
    while len(data) < size:  # one read gives 2 GB at most
        part = os.read(records, size - len(data))
        if not part:
            break
        data += part
    os.close(records)
    try:
        os.unlink(path)
    except OSError:
        pass
    return data, None
