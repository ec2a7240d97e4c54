"""What a process looks like to others, before and after a serializer's framework is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from support.frameworks import Host

__all__ = ["find_traces"]

_SCRIPT = """
import asyncio, copyreg, json, locale, logging, multiprocessing, os, pathlib, pickle, signal, sys
import threading, warnings

try:
    raise ValueError("x")
except ValueError as caught:
    error = caught

FINDERS = len(sys.meta_path)

def look():
    home = pathlib.Path(os.environ["HOME"])
    return {
        "copyreg": sorted(map(str, copyreg.dispatch_table.items())),
        "pickle of an exception": pickle.dumps(error).hex(),
        "pure-Python pickle": sorted(map(str, pickle._Pickler.dispatch.items())),
        "pickle": [str(vars(pickle)[name]) for name in ("Pickler", "dumps", "loads")],
        "environment": dict(os.environ),
        "warnings": [str(entry) for entry in warnings.filters],
        "showwarning": str(warnings.showwarning),
        "excepthook": [str(sys.excepthook), str(threading.excepthook), str(sys.unraisablehook)],
        "root handlers": [str(handler) for handler in logging.root.handlers],
        "root level": logging.root.level,
        "logger class": str(logging.getLoggerClass()),
        # Behind the standard finders stand those that serve names of their own.
        "first finders": [str(finder) for finder in sys.meta_path[:FINDERS]],
        "import path": [str(sys.path_hooks), str(sys.path)],
        "recursion limit": sys.getrecursionlimit(),
        # The SDK of Globus Compute waits in a thread for the end of the main one, and does no more.
        "threads": sorted(
            thread.name for thread in threading.enumerate() if "(__atexit)" not in thread.name
        ),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "event loop": str(asyncio.get_event_loop_policy()),
        "stream": [id(sys.stdout), id(sys.stderr)],
        "locale": [locale.setlocale(locale.LC_ALL), sys.getdefaultencoding()],
        "default logger": str(logging.lastResort),
        "signals": {str(n): str(signal.getsignal(n)) for n in signal.valid_signals()},
        "home": sorted(str(path.relative_to(home)) for path in home.rglob("*")),
        "working directory": [os.getcwd(), sorted(os.listdir())],
    }

from pytest_portable.serializers import Registry
registry = Registry()
before = look()
serializer = registry.get(NAME)
payload = serializer.dumps({"a": 1}, **(
    {} if serializer.default_protocol is None else {"protocol": serializer.default_protocol()}
))
assert serializer.load(payload) == {"a": 1}
after = look()
print(json.dumps([
    f"{key}: {before[key]} -> {after[key]}" for key in before if before[key] != after[key]
]))
"""


def find_traces(host: Host, tmp_path: Path, name: str) -> list[str]:
    """Import a serializer in a fresh process, use it, and list what is not as it was before."""
    printed = host.script(f"NAME = {name!r}\n{_SCRIPT}", tmp_path)
    found: list[str] = json.loads(printed.splitlines()[-1])
    return found
