"""Processes and descriptors: what the agent asks of the operating system."""

from __future__ import annotations

import os
import sys

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.limits import CHUNK_BYTES

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def load_prctl() -> Any:
    """Return the C library's `prctl`, or `None` where there is none.

    `ctypes` is forgotten again: a payload that needs it has to import it itself.
    """
    if not sys.platform.startswith("linux"):
        return None
    before = set(sys.modules)
    try:
        import ctypes

        return ctypes.CDLL(None).prctl
    except Exception:
        return None
    finally:
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {"ctypes", "_ctypes"}:
                del sys.modules[name]


def limit_cores() -> None:
    """Let a crash leave no core file."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def flush() -> None:
    """Write out what user code printed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:  # closed or replaced by user code
            pass


def drain(descriptor: int) -> None:
    """Empty a pipe that does not block."""
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        pass


def exit_status(status: int) -> int:
    """Return the exit code, or minus the signal."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def with_pid(function: Any, pid: int, argument: int) -> None:
    """Call a function of `os` on a process, which may be gone already."""
    try:
        function(pid, argument)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        pass


def kill_group(pid: int, number: int) -> None:
    """Signal the process group of a child."""
    with_pid(os.killpg, pid, number)


def orphans() -> list[int]:
    """Return the processes that were adopted by this one (Linux; empty elsewhere)."""
    try:
        children = os.open("/proc/self/task/%d/children" % os.getpid(), os.O_RDONLY)
    except OSError:
        return []
    try:
        return [int(pid) for pid in os.read(children, CHUNK_BYTES).split()]
    finally:
        os.close(children)
