"""Watch which variables, files, sockets and entry points a load or a probe asks for."""

from __future__ import annotations

import os
import sys

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.describe import text_of


class Asking:
    """Sees what a load asks of its surroundings: variables, files, sockets, entry points."""

    LIMIT = 100

    def __init__(self, notes: Any) -> None:
        self.notes = notes  # has the attribute `offset`
        self.seen: list[list[Any]] = []
        self.open = False

    def watch(self) -> None:
        """Begin to watch."""
        sys.addaudithook(self.audit)
        self.watch_variables()
        self.watch_entry_points()
        self.open = True

    def note(self, kind: str, what: str) -> None:
        """Keep one finding and the offset at which it was made."""
        entry = [kind, what, self.notes.offset]
        if self.open and entry not in self.seen and len(self.seen) < self.LIMIT:
            self.seen.append(entry)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note files that are opened for writing, connections, and processes that are started."""
        if not self.open:
            return
        if event == "open":
            name, _, flags = arguments
            if isinstance(name, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.note("written", os.fsdecode(name))
        elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
            self.note("written", text_of(arguments[0 if event == "os.mkdir" else 1]))
        elif event == "socket.connect":
            self.note("connected", text_of(arguments[1])[:200])
        elif event == "socket.getaddrinfo":
            self.note("connected", "%s:%s" % (text_of(arguments[0]), text_of(arguments[1])))
        elif event in ("os.system", "subprocess.Popen", "os.posix_spawn", "os.exec"):
            self.note("started", text_of(arguments[0])[:200])

    def watch_variables(self) -> None:
        """From now on, note variables that are asked for and not set."""
        watcher = self

        class Watched(type(os.environ)):  # type: ignore[misc]
            def __getitem__(self, key: str) -> str:
                try:
                    return str(super().__getitem__(key))
                except KeyError:
                    watcher.note("variable", str(key))
                    raise

        os.environ.__class__ = Watched

    def watch_entry_points(self) -> None:
        """From now on, note the groups of entry points that are asked for."""
        for name in ("importlib.metadata", "importlib_metadata"):
            if name in sys.modules:
                self.watch_lookup(sys.modules[name])
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: Any = None, _: Any = None) -> Any:
        """Watch a module that looks up entry points, once it is imported in the usual way."""
        if name not in ("importlib.metadata", "importlib_metadata"):
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            self.watch_lookup(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def watch_lookup(self, module: Any) -> None:
        """Wrap one `entry_points` function."""
        plain = module.entry_points

        def entry_points(**given: Any) -> Any:
            self.note("entry points", str(given.get("group", "")))
            return plain(**given)

        module.entry_points = entry_points


class Looking(Asking):
    """Sees what a probe asks for and does not find, and what differs between processes."""

    def __init__(self) -> None:
        self.offset = -1
        self.stat = os.stat
        super().__init__(self)

    def watch_imports(self) -> None:
        """Begin with what modules ask for when they are imported."""
        self.watch_variables()
        self.watch_entry_points()
        self.open = True

    def watch(self) -> None:
        """Add what only the probe can be blamed for: files, and calls of C functions."""
        sys.addaudithook(self.audit)
        os.stat = self.watched_stat
        sys.setprofile(self.hear)

    def end(self) -> None:
        """Stop watching."""
        sys.setprofile(None)
        os.stat = self.stat
        self.open = False

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note files that are opened and do not exist."""
        if not self.open or event != "open":
            return
        name, _, flags = arguments
        if isinstance(name, (str, bytes)) and not flags & os.O_CREAT and not os.path.lexists(name):
            self.note("absent", os.fsdecode(name))

    def watched_stat(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Call `os.stat`, and note a file that does not exist."""
        try:
            return self.stat(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            self.note("absent", os.fsdecode(path))
            raise

    def hear(self, frame: Any, event: str, function: Any) -> None:
        """Note calls of C functions that return something else in every process."""
        del frame
        if event == "c_call":
            kind = LOCAL_CALLS.get(getattr(function, "__qualname__", ""))
            if kind is not None:
                self.note(kind, str(function.__qualname__))


LOCAL_CALLS = {
    **dict.fromkeys(
        (
            *("localtime", "mktime", "strftime", "ctime", "asctime", "date.today"),
            *("date.fromtimestamp", "datetime.now", "datetime.today", "datetime.fromtimestamp"),
            *("datetime.astimezone", "datetime.timestamp", "datetime.strftime"),
        ),
        "zone",
    ),
    **dict.fromkeys(("setlocale", "localeconv", "nl_langinfo", "strcoll", "strxfrm"), "locale"),
    "hash": "hash",
    "getcwd": "folder",
    **dict.fromkeys(
        (
            *("getpid", "getppid", "gethostname", "uname", "cpu_count", "getuid", "getlogin"),
            *("getrecursionlimit", "getswitchinterval", "getdefaultencoding", "getrefcount"),
            *("time", "time_ns", "perf_counter", "monotonic", "id"),
        ),
        "process",
    ),
    **dict.fromkeys(("Random.random", "Random.getrandbits", "urandom"), "chance"),
}
