"""The keys `by_value`, `as_main` and `ship` of a leg, checked and ready for use."""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pytest_portable.errors import OptionError
from pytest_portable.serializers.shipping.dill_by_value import dumping_by_value, loading_by_value
from pytest_portable.serializers.shipping.script_as_main import (
    as_script,
    find_test_module,
    loading_as_script,
)
from pytest_portable.serializers.shipping.sources import MAIN, Sources, collect

__all__ = ["NO_SHIPPING", "Shipping", "make_shipping"]

_DILL: Final = "dill"


@dataclass(frozen=True)
class Shipping:
    """How code is sent on one leg.

    Attributes:
        by_value: modules whose definitions travel inside the payload.
        machinery: package that sends them: `dill`, or one with cloudpickle's interface.
        script: the test module, where it is to be `__main__`.
        sources: import packages that are sent beside the payload.
        spawns: whether a process that loads has the script as its main module, as those that
            `multiprocessing` spawns.
    """

    by_value: tuple[str, ...] = ()
    machinery: str | None = None
    script: ModuleType | None = None
    sources: Sources | None = None
    spawns: bool = False

    @cached_property
    def sent(self) -> Sources | None:
        """The sources that are sent, with the script where the process there runs it."""
        if self.script is None or not self.spawns or not self.script.__file__:
            return self.sources
        file = Path(self.script.__file__)
        sources = self.sources or Sources((), {})
        return replace(sources, files={**sources.files, MAIN: file.read_bytes()}, main=str(file))

    def __bool__(self) -> bool:
        """Return whether anything is asked for."""
        return bool(self.by_value or self.script or self.sources)

    def as_loaded(self) -> Shipping:
        """Return this with the sources of what is loaded now: they may be reloaded in a test.

        Raises:
            OptionError: a package cannot be sent any more.
        """
        if self.sources is None:
            return self
        sources = self.sources.as_loaded()
        return self if sources is self.sources else replace(self, sources=sources)

    @contextlib.contextmanager
    def dumping(self) -> Iterator[None]:
        """Dump as the keys say while the context is open; everything is restored afterwards."""
        with contextlib.ExitStack() as stack:
            if self.script is not None:
                stack.enter_context(as_script(self.script))
            if self.by_value and self.machinery == _DILL:
                stack.enter_context(dumping_by_value(self._is_meant))
            elif self.by_value:
                assert self.machinery is not None
                stack.enter_context(_registered(self.by_value, self.machinery))
            yield

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """Load and compare what came back under the same conditions as the dump.

        The test run's filter may turn warnings into errors, which must not fail a load: what
        another version dumped often warns.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if self.script is not None:
                stack.enter_context(loading_as_script(self.script))
            if self.by_value and self.machinery == _DILL:
                stack.enter_context(loading_by_value(self._is_meant))
            yield

    def _is_meant(self, module: str) -> bool:
        return any(module == one or module.startswith(f"{one}.") for one in self.by_value)


NO_SHIPPING: Final = Shipping()


def make_shipping(  # noqa: PLR0913 - one argument for each key of the leg
    *,
    serializer: str,
    machinery: str | None,
    by_value: Sequence[str] = (),
    as_main: bool = False,
    ship: Sequence[str] = (),
    options: Mapping[str, object] | None = None,
    test: str = "",
    root: Path | None = None,
    spawns: bool = False,
) -> Shipping:
    """Check the keys of a leg.

    Args:
        serializer: its name, for messages.
        machinery: package that sends definitions by value for this serializer, if any does.
        by_value: the key.
        as_main: the key.
        ship: the key.
        options: the key.
        test: node id of the test.
        root: directory where the node id's path starts; the working directory when not given.
        spawns: whether the serializer's processes have the script as their main module.

    Raises:
        OptionError: with every mistake.
    """
    if not (by_value or as_main or ship):
        return NO_SHIPPING
    mistakes: list[str] = []

    def attempt(make: Callable[[], Any]) -> Any:
        try:
            return make()
        except OptionError as error:
            mistakes.extend(error.mistakes)
            return None

    mistakes += _by_value_mistakes(by_value, serializer, machinery, options or {})
    mistakes += [
        f"ship: {name!r} is in by_value too, and there its classes would be two; keep one"
        for name in ship
        if name in by_value
    ]
    script = sources = None
    if as_main:
        script = attempt(lambda: find_test_module(test, root or Path.cwd()))
    if ship:
        sources = attempt(lambda: collect(ship))
    if mistakes:
        raise OptionError(mistakes)
    return Shipping(tuple(by_value), machinery, script, sources, spawns)


def _by_value_mistakes(
    names: Sequence[str], serializer: str, machinery: str | None, options: Mapping[str, object]
) -> Iterator[str]:
    if names and machinery is None:
        yield (
            f"by_value: the serializer {serializer!r} sends definitions by reference only; "
            f"use cloudpickle or dill, or ship={list(names)}"
        )
        return
    if names and machinery == _DILL and not options.get("recurse", True):
        yield "by_value: dill needs recurse=True for it; leave recurse out of options"
    yield from filter(None, map(_import_trouble, names))


def _import_trouble(name: str) -> str | None:
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        return f"by_value: {name!r} cannot be imported here: {type(error).__name__}: {error}"
    return None


@contextlib.contextmanager
def _registered(names: Sequence[str], machinery: str) -> Iterator[None]:
    """Register modules with cloudpickle; those that were registered before stay so."""
    cloudpickle: Any = importlib.import_module(machinery)
    registered: list[ModuleType] = []
    known = cloudpickle.list_registry_pickle_by_value()
    try:
        for name in names:
            if name not in known:
                cloudpickle.register_pickle_by_value(sys.modules[name])
                registered.append(sys.modules[name])
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)
