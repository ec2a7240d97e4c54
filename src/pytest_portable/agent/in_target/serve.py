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
    from pytest_portable.agent.in_target.child import Child, Workplace, read_records, rehearsal
    from pytest_portable.agent.in_target.describe import SERIALIZER_FILE, describe_exception
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
        list_files,
        load_prctl,
        make_scratch,
        remove_tree,
    )
    from pytest_portable.agent.in_target.start import REFUSED


class Server:
    """Serves requests until the host goes away."""

    def __init__(self, requests: int, answers: int) -> None:
        self.requests = requests
        self.answers = answers
        self.count = 0
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        os.set_blocking(self.wake_read, False)
        self.place = Workplace((requests, answers, self.wake_read, self.wake_write))

    def start(self) -> None:
        """Read the greeting, preload, say hello."""
        greeting, _ = decode(receive(self.requests))
        self.place.spill = bool(greeting["scratch"])
        self.place.scratch = greeting["scratch"] or make_scratch()
        if greeting["there"]:
            exec(compile(greeting["there"], SERIALIZER_FILE, "exec", dont_inherit=True), THERE)
        absent = []
        for name in greeting["preload"]:
            self.preload(name)
        for name in greeting["try_preload"]:
            try:
                importlib.import_module(name)
            except BaseException:
                absent.append(name)
        self.place.prctl = load_prctl()
        if self.place.prctl is not None:
            self.place.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        limit_cores()
        faulthandler.enable()
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        self.place.kept = KeptWarnings()
        self.place.rehearsal = self.prepare_rehearsal()
        gc.collect()
        if hasattr(gc, "freeze"):  # PyPy has none
            gc.freeze()
        write_all(self.answers, encode(hello(absent)))

    def prepare_rehearsal(self) -> bytes:
        """Return the rehearsal with what was preloaded; some other module may be called so."""
        name = next((name for name in ("dill", "cloudpickle") if name in sys.modules), "pickle")
        try:
            return rehearsal(name)
        except Exception:
            return rehearsal("pickle")

    def preload(self, name: str) -> None:
        """Import a module that was asked for, or tell the host why that cannot be, and end."""
        try:
            importlib.import_module(name)
        except BaseException as error:
            about = describe_exception(error)
            write_all(self.answers, encode({"refused": name, "exception": about}))
            sys.exit(REFUSED)

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
            # The same here: the host would wait until the next process is forked. Where requests
            # follow one another at once, there is no moment to wait for.
            if not self.place.is_hurried:
                self.place.is_hurried = self.is_asked(ASIDE_SECONDS)
            child = self.replace(child)
            self.place.is_hurried = self.is_asked(0.0)

    def is_asked(self, seconds: float) -> bool:
        """Wait for a request for so long; return whether there is one."""
        return bool(select.select([self.requests], [], [], seconds)[0])

    def new_child(self) -> Child:
        """Fork the process of the next check."""
        self.count += 1
        self.place.kept.take()
        return Child(self.place, self.count)

    def replace(self, child: Child) -> Child:
        """End a child and return the next, which is forked while the other ends."""
        child.dismiss()
        successor = self.new_child()
        child.bury(successor.pid)
        return successor

    def check(self, message: bytes, child: Child, last: bool = False) -> list[bytes] | None:
        """Hand a request to a child, follow that to its end, and return what the host must know.

        Nothing is returned where the child ended without a single record: something killed it
        while it waited, and another one may be luckier.
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
        for number in (child.done, self.wake_read, *(pipe.read_end for pipe in child.streams)):
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
        if number == self.wake_read:
            drain(self.wake_read)
            return True
        return False

    def give_up(self, child: Child) -> None:
        """End, because the host went away in the middle of a check."""
        child.dismiss()
        child.bury()
        remove_tree(self.place.scratch)
        os._exit(0)


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


def main() -> None:
    """Move descriptors 0 and 1 aside, hide the agent, serve."""
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = [""]
    sys.modules["__main__"] = types.ModuleType("__main__")
    server = Server(requests, answers)
    server.start()
    server.serve()
    remove_tree(server.place.scratch)


if __name__ == "__main__":
    hidden = sys.modules["__main__"]  # keeps the globals of the running functions alive
    main()
