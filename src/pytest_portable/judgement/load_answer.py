"""Loading what the target dumped, and why that fails."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from pytest_portable.agent.in_target.asking import asked, is_kind, read_name
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.agent.records import Alone, Raised, Value
from pytest_portable.diagnosis import Evidence, Owner
from pytest_portable.diagnosis.target_errors import CONSTRUCTOR
from pytest_portable.errors import PayloadError
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.time_limit import TookTooLong, time_limit
from pytest_portable.payload.inspection import inspect_payload
from pytest_portable.serializers.safe_loads import loads

__all__ = [
    "Unloadable",
    "load_answer",
    "loader_for",
    "newer_names",
    "versions_apart",
    "why_unloadable",
]

# Source: What's New in Python 3.13, and cpython#133789.
_MOVED_MODULES: Final = {"pathlib._local": "pathlib"}
_MOVED_NAMES: Final = (("re", "PatternError", "error"),)
_NO_ATTRIBUTE: Final = re.compile(r"attribute '([^']+)' on <module '([^']+)'")


class Unloadable(Exception):  # noqa: N818 - a finding rather than an error
    """What came back cannot be loaded here; the text says why.

    Attributes:
        path: the part that is to blame, as far as it is known.
        module: the module that the host lacks, if that is why.
    """

    def __init__(self, path: str, why: str, module: str | None = None) -> None:
        """Keep the place beside the reason."""
        super().__init__(path, why, module)
        self.path = path
        self.why = why
        self.module = module

    def __str__(self) -> str:
        """Return the reason."""
        return self.why


def loader_for(context: Context, record: Alone | Raised | Value) -> Callable[..., object]:
    """Return what loads a record: the target dumps with pickle where nothing better is there.

    It has the time that the leg has.
    """
    load: Callable[..., object] = loads
    if not record.dumper.startswith("pickle:"):
        load = partial(context.serializer.load, options=context.leg.options)

    def load_in_time(blob: bytes, **beside: Any) -> object:  # noqa: ANN401 - what `load` takes
        with time_limit(context.leg.timeout_seconds):
            return load(blob, **beside)

    return load_in_time


def load_answer(context: Context, record: Value) -> object:
    """Load what a target dumped."""
    beside = {"buffers": record.buffers} if record.buffers else {}
    return loader_for(context, record)(record.blob, **beside)


def versions_apart(evidence: Evidence, module: str) -> tuple[Owner, Owner] | None:
    """Return the distribution of a module here and there, where these are two versions."""
    here = evidence.owner(module)
    version = None if here is None else evidence.installed(here.name)
    if here is None or version in {None, here.version}:
        return None
    return here, Owner(here.name, str(version))


@contextmanager
def newer_names() -> Iterator[bool]:
    """Make what newer Pythons renamed known by its new name too, for one load of an answer.

    Yields:
        whether there is any that this Python does not have.
    """
    modules = {new: old for new, old in _MOVED_MODULES.items() if not _is_module(new)}
    names = [each for each in _MOVED_NAMES if not hasattr(import_module(each[0]), each[1])]
    for new, old in modules.items():
        sys.modules[new] = import_module(old)
    for module, new, old in names:
        setattr(sys.modules[module], new, getattr(sys.modules[module], old))
    try:
        yield bool(modules or names)
    finally:
        for new in modules:
            del sys.modules[new]
        for module, new, _ in names:
            delattr(sys.modules[module], new)


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # its parent is no package
        return False


def why_unloadable(context: Context, blob: bytes, root: str, error: BaseException) -> Unloadable:
    """Return the reason why an answer cannot be loaded here, placed by reading it.

    Args:
        context: of the check that it answers.
        blob: the answer.
        root: the name at the root of its paths.
        error: what loading raised.
    """
    module: str | None = None
    name: str | None = None
    text = text_of(error)
    lacking = asked(error, "name") if is_kind(error, ImportError) else None
    if lacking and type(lacking) is str:
        module = lacking
        why = f"its module {module} is not importable here"
    elif is_kind(error, AttributeError) and (found := _NO_ATTRIBUTE.search(text)):
        name, module = found.groups()
        why = f"{module} has no {name} here"
    elif is_kind(error, TypeError) and (called := CONSTRUCTOR.search(text)):
        name = called["name"]
        why = f"{name or 'its class'} wants other arguments than it was dumped with: {text}"
    elif isinstance(error, TookTooLong):
        why = text
    else:
        why = f"loading it raises {read_name(type(error))}: {text}"
    return Unloadable(_path(context, blob, root, module, name), why, module)


def _path(context: Context, blob: bytes, root: str, module: str | None, name: str | None) -> str:
    """Return the first path in an answer that leads to what is missing here."""
    if module is None and name is None:
        return root
    try:
        references = inspect_payload(blob, root=root, python=context.maker.minor).references
    except PayloadError:
        return root
    for reference in references:
        is_it = reference.module == module or (module or "\0") in _parents(reference.module)
        is_named = name is None or reference.qualname == name
        if reference.paths and is_named and (is_it or module is None):
            return reference.paths[0]
    return root


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts))]
