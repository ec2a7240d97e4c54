"""The agent: one process that answers requests until the host goes away."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import select
import signal
import sys
import time
import types

if __name__ != "__main__":
    from pytest_portable.agent.in_target.check import Actions
    from pytest_portable.agent.in_target.child import (
        Child,
        IsChild,
        Workplace,
        read_records,
        rehearsal,
    )
    from pytest_portable.agent.in_target.describe import SERIALIZER_FILE, describe_exception
    from pytest_portable.agent.in_target.folders import list_files, make_scratch, remove_tree
    from pytest_portable.agent.in_target.limits import ABORT_SECONDS, ASIDE_SECONDS
    from pytest_portable.agent.in_target.loading import THERE, KeptWarnings
    from pytest_portable.agent.in_target.messages import (
        SCHEMA,
        decode,
        encode,
        number_at,
        receive,
        write_all,
    )
    from pytest_portable.agent.in_target.processes import (
        PR_SET_CHILD_SUBREAPER,
        drain,
        exit_status,
        kill_group,
        limit_cores,
        load_prctl,
    )
    from pytest_portable.agent.in_target.start import REFUSED


# Keeps the globals of the running functions alive.
HIDDEN: list[types.ModuleType] = []


class Server:
    """Answers requests until the host goes away.

    Attributes:
        woken: the descriptor that gets a byte when a child ends.
        is_hurried: whether the next request is there already.
    """

    def __init__(self, requests: int, answers: int, woken: int, place: Workplace) -> None:
        self.requests = requests
        self.answers = answers
        self.woken = woken
        self.place = place
        self.count = 0
        self.is_hurried = False

    def serve(self) -> None:
        """Answer requests, one at a time, each from a child that was ready before it came."""
        child = self.new_child()
        while True:
            try:
                message = receive(self.requests)
            except EOFError:
                child.dismiss()
                child.bury()
                return
            answer = self.check(message, child)
            if answer is None:
                child = self.replace(child)
                answer = self.check(message, child, last=True)
            write_all(self.answers, answer or [])
            # The host reads the answer before this process forks the next child, unless requests
            # follow one another at once: then waiting for that gains nothing.
            if not self.is_hurried:
                self.is_hurried = self.is_asked(ASIDE_SECONDS)
            child = self.replace(child)
            self.is_hurried = self.is_asked(0.0)

    def is_asked(self, seconds: float) -> bool:
        """Wait for a request for so long; return whether there is one."""
        return bool(select.select([self.requests], [], [], seconds)[0])

    def new_child(self) -> Child:
        """Fork the process of the next check."""
        self.count += 1
        self.place.kept.take()
        return Child(self.place, self.count, is_hurried=self.is_hurried)

    def replace(self, child: Child) -> Child:
        """End a child and return the next, which is forked while the other ends."""
        child.dismiss()
        successor = self.new_child()
        child.bury(successor.pid)
        return successor

    def check(self, message: bytes, child: Child, last: bool = False) -> list[bytes] | None:
        """Hand a request to a child, follow it to its end, and return the answer.

        `None` where the child left no record, because something killed it while it waited: the
        request can be handed to another one. Of the `last` child whatever came is the answer.
        """
        started = time.monotonic()
        try:
            write_all(child.requests, [message])
        except BrokenPipeError:
            pass
        status, timed_out = self.follow(child, started + number_at(message, 3) / 1000)
        seconds = time.monotonic() - started
        records, kept = read_records(child.records, self.place.spill)
        out, err = child.streams
        evidence = records, out.finish(), err.finish()
        if not (records or kept or timed_out or last):
            return None
        header = {
            "status": status,
            "timed_out": timed_out,
            "seconds": seconds,
            "stdout_bytes": out.total,
            "stderr_bytes": err.total,
            "files": list_files(child.cwd),
            "records": kept,
        }
        return encode(header, evidence, number_at(message, 2))

    def follow(self, child: Child, deadline: float) -> tuple[int, bool]:
        """Collect the child's streams until it is done, ends, or its time is over."""
        poll = select.poll()
        for number in (child.done, self.woken, *(pipe.read_end for pipe in child.streams)):
            poll.register(number, select.POLLIN)
        poll.register(self.requests, 0)  # only to hear that the host went away
        timed_out = False
        while True:
            left = max(0.0, deadline - time.monotonic())
            for number, event in poll.poll(left * 1000 + 1):
                if number == child.done and os.read(number, 1):
                    return 0, timed_out
                if number == self.requests and event & (select.POLLHUP | select.POLLERR):
                    self.give_up(child)
                if not self.take(number, child):
                    poll.unregister(number)
            ended, status = os.waitpid(child.pid, os.WNOHANG)
            if ended:
                return exit_status(status), timed_out
            if time.monotonic() >= deadline:
                # The first signal makes faulthandler print the stacks; the second one is final.
                kill_group(child.pid, signal.SIGKILL if timed_out else signal.SIGABRT)
                timed_out = True
                deadline = time.monotonic() + ABORT_SECONDS

    def take(self, number: int, child: Child) -> bool:
        """Take what a descriptor has; false when nothing more can come."""
        for pipe in child.streams:
            if number == pipe.read_end:
                return pipe.take()
        if number == self.woken:
            drain(self.woken)
            return True
        return False

    def give_up(self, child: Child) -> None:
        """End, because the host went away in the middle of a check."""
        child.dismiss()
        child.bury()
        remove_tree(self.place.scratch)
        os._exit(0)


def open_server(requests: int, answers: int) -> Server:
    """Read the greeting, import what it asks for, and say hello."""
    greeting, _ = decode(receive(requests))
    scratch = greeting["scratch"] or make_scratch()
    if greeting["there"]:
        exec(compile(greeting["there"], SERIALIZER_FILE, "exec", dont_inherit=True), THERE)
    preload(greeting["preload"], answers)
    absent = [name for name in greeting["try_preload"] if not is_imported(name)]
    prctl = load_prctl()
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    limit_cores()
    faulthandler.enable()
    woken, wake = wake_by_children()
    place = Workplace(
        (requests, answers, woken, wake),
        scratch,
        spill=bool(greeting["scratch"]),
        prctl=prctl,
        kept=KeptWarnings(),
        rehearsal=prepare_rehearsal(),
    )
    gc.collect()
    if hasattr(gc, "freeze"):  # PyPy has none
        gc.freeze()
    write_all(answers, encode(hello(absent)))
    return Server(requests, answers, woken, place)


def preload(names: list[str], answers: int) -> None:
    """Import modules; where one cannot be imported, answer why, and end."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            about = describe_exception(error)
            write_all(answers, encode({"refused": name, "exception": about}))
            sys.exit(REFUSED)


def is_imported(name: str) -> bool:
    """Import a module where that is possible."""
    try:
        importlib.import_module(name)
    except BaseException:
        return False
    return True


def wake_by_children() -> tuple[int, int]:
    """Let the end of a child write a byte to a pipe; return its two ends."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return woken, wake


def prepare_rehearsal() -> bytes:
    """Return the rehearsal with what was preloaded, which may be another module of that name."""
    name = next((name for name in ("dill", "cloudpickle") if name in sys.modules), "pickle")
    try:
        return rehearsal(name)
    except Exception:
        return rehearsal("pickle")


def hello(absent: list[str]) -> dict[str, object]:
    """Return the facts of this interpreter."""
    return {
        "schema": SCHEMA,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "version_info": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "platform": "%s-%s" % (sys.platform, os.uname().machine),
        "executable": sys.executable,
        "pid": os.getpid(),
        "fork": True,
        "absent": absent,
    }


def main() -> Actions | None:
    """Move descriptors 0 and 1 aside, hide the agent, serve.

    Returns:
        In a process that was forked for a check, the steps of its life: whoever started this
        program takes them, when all frames of this function are gone; nothing in the agent itself.
    """
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = [""]
    HIDDEN.append(sys.modules["__main__"])
    sys.modules["__main__"] = types.ModuleType("__main__")
    server = open_server(requests, answers)
    try:
        server.serve()
    except IsChild as fresh:
        return fresh.steps
    remove_tree(server.place.scratch)
    return None
