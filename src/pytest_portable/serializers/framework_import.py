"""Import a framework without side effects on the rest of the process.

Some frameworks change the process that imports them: parsl and covalent let tblib put its reducers
for exceptions into `copyreg` (after that even plain pickle sends them), covalent writes into the
home directory and fixes how processes are started, ray puts a folder before all others on
`sys.path`, groundhog marks every module that is imported after it. Here the import leaves
everything as it was, and the framework's changes are active only while its own functions run.
"""

from __future__ import annotations

import contextlib
import copyreg
import importlib
import inspect
import logging
import os
import pickle
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, cast

from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer, Task

__all__ = ["Framework", "State"]

_HOMES: Final = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_HOOKS: Final = (
    (sys, "excepthook"),
    (sys, "displayhook"),
    (sys, "unraisablehook"),
    (threading, "excepthook"),
    (warnings, "showwarning"),
    (pickle, "Pickler"),
    (pickle, "Unpickler"),
    (pickle, "dump"),
    (pickle, "dumps"),
    (pickle, "load"),
    (pickle, "loads"),
)

# A process imports a framework once. The reducers that the import added to copyreg are kept for as
# long, because each later use of the framework needs them.
_REDUCERS: Final[dict[str, dict[Any, Any]]] = {}


class State:
    """Process-wide state that an import may change: saved now, restored by `put_back`."""

    def __init__(self) -> None:
        """Save the state."""
        self.reducers = dict(copyreg.dispatch_table)
        self.python_pickler = dict(_python_dispatch())
        self.environment = dict(os.environ)
        self.filters = list(warnings.filters)
        self.hooks = [getattr(owner, name) for owner, name in _HOOKS]
        self.handlers = list(logging.root.handlers)
        self.level = logging.root.level
        self.logger_class = logging.getLoggerClass()
        self.paths = list(sys.path)
        self.finders = list(sys.meta_path)
        self.start_method = _start_method()
        self.signals = {number: signal.getsignal(number) for number in signal.valid_signals()}

    def put_back(self) -> None:
        """Restore the saved state."""
        _refill(copyreg.dispatch_table, self.reducers)
        _refill(_python_dispatch(), self.python_pickler)
        if dict(os.environ) != self.environment:
            _refill(os.environ, self.environment)
        if list(warnings.filters) != self.filters:
            # The interpreter's own module holds the same list object.
            cast("list[Any]", warnings.filters)[:] = self.filters
            getattr(warnings, "_filters_mutated", lambda: None)()
        for (owner, name), value in zip(_HOOKS, self.hooks, strict=True):
            setattr(owner, name, value)
        logging.root.handlers[:] = self.handlers
        logging.root.setLevel(self.level)
        logging.setLoggerClass(self.logger_class)
        if sys.path != self.paths:
            sys.path[:] = self.paths
        _take_out_finders(self.finders)
        if _start_method() is not self.start_method:
            # Once it is set, nothing else can choose how processes are started.
            sys.modules["multiprocessing.context"]._default_context._actual_context = (  # noqa: SLF001 - no public way back
                self.start_method
            )
        for number, handler in self.signals.items():
            if signal.getsignal(number) is not handler and handler is not None:
                with contextlib.suppress(ValueError):  # not in the main thread
                    signal.signal(number, handler)


def _python_dispatch() -> Any:
    """Return the table of the pure-Python pickler, which dill extends."""
    return pickle._Pickler.dispatch  # noqa: SLF001 - no public name


def _start_method() -> Any:
    """Return how `multiprocessing` starts processes, if that was chosen already."""
    module: Any = sys.modules.get("multiprocessing.context")
    return None if module is None else module._default_context._actual_context  # noqa: SLF001 - the public function would choose


def _take_out_finders(known: list[Any]) -> None:
    """Remove finders that were put before the known ones, and so get all imports.

    Finders behind them (of six, or toolz) find only their own names, which nothing else finds;
    they stay, like a package that is imported.
    """
    before = next((place for place, one in enumerate(sys.meta_path) if one in known), 0)
    del sys.meta_path[:before]


def _refill(table: Any, wanted: dict[Any, Any]) -> None:
    if dict(table) == wanted:
        return
    for key in set(table) - set(wanted):
        del table[key]
    table.update(wanted)


class Framework:
    """Modules of a framework, imported without side effects when they are first needed.

    Args:
        modules: what to import, in order; everything that its functions need later.
    """

    def __init__(self, *modules: str) -> None:
        """Keep the names; nothing is imported yet."""
        self.modules = modules

    def load(self) -> None:
        """Import the modules, and restore the state that they change.

        During the import the home directory is an empty one, which is removed when the process
        ends: a framework may go on using the files that it wrote there.
        """
        self._load()

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Run functions of the framework as in a process that imported it in the usual way."""
        reducers = self._load()
        state = State()
        copyreg.dispatch_table.update(reducers)
        try:
            yield
        finally:
            state.put_back()

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs with the framework's changes active."""

        def wrapped(*args: object, **kwargs: object) -> Any:
            with self.active():
                return function(*args, **kwargs)

        wrapped.__wrapped__ = function  # type: ignore[attr-defined]  # for `inspect.unwrap`
        return wrapped

    def serializer(self, name: str, there: ModuleType) -> Serializer:
        """Load the framework and return its serializer, for `dataclasses.replace` to complete.

        Args:
            name: what a mark says.
            there: module of `in_target` whose `dumps` and `loads` work on both sides.
        """
        self.load()
        return Serializer(
            name=name,
            dumps=self.wrap(there.dumps),
            loads=self.wrap(there.loads),
            loaders=("there:loads",),
            dumpers=("there:dumps",),
            accepts=frozenset(),
            there=inspect.getsource(there),
        )

    def task(self, pack: Callable[..., bytes], unpack: Callable[..., Answer]) -> Task:
        """Return how the framework ships a call that the target's `run` answers."""
        return Task(pack=self.wrap(pack), runner="there:run", unpack=self.wrap(unpack))

    def _load(self) -> dict[Any, Any]:
        key = " ".join(self.modules)
        if key not in _REDUCERS:
            if all(name in sys.modules for name in self.modules):
                _REDUCERS[key] = {}  # imported by the user, with all side effects
            else:
                _REDUCERS[key] = self._import()
        return _REDUCERS[key]

    def _import(self) -> dict[Any, Any]:
        state = State()
        home = tempfile.mkdtemp(prefix="pytest-portable-home-")
        _remove_at_exit(home)
        for name in _HOMES:
            os.environ.pop(name, None)
        os.environ["HOME"] = home
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for name in self.modules:
                    importlib.import_module(name)
            added = copyreg.dispatch_table
            return {
                kind: reducer
                for kind, reducer in added.items()
                if state.reducers.get(kind) is not reducer
            }
        finally:
            state.put_back()


def _remove_at_exit(folder: str) -> None:
    import atexit
    import shutil

    atexit.register(shutil.rmtree, folder, ignore_errors=True)
