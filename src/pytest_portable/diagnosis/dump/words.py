"""Messages about parts that cannot be dumped, and what to change."""

from __future__ import annotations

import pickle
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from pytest_portable.agent.in_target.asking import (
    MISSING,
    asked,
    held_in,
    is_kind,
    qualname_of,
    read_mro,
    read_name,
    slot_of,
)
from pytest_portable.agent.in_target.asking import module_of as module_of_class
from pytest_portable.agent.in_target.describe import text_of
from pytest_portable.diagnosis.causes.wording import PLAIN
from pytest_portable.diagnosis.dump.owners import holder_of, is_stdlib, leave_out
from pytest_portable.diagnosis.dump.tracing import Leaf
from pytest_portable.equivalence.guard import instance_attributes, is_a, static
from pytest_portable.interrupts import pass_on
from pytest_portable.verdict import Remedy

__all__ = [
    "code_of",
    "describe",
    "explain_leaf",
    "module_of",
    "remedies_of",
    "traceback_of",
    "type_name",
]

_MACHINERY: Final = frozenset({"cloudpickle", "copyreg", "dill", "pickle", "pytest_portable"})

# What such objects hold, and what to send instead; by `module.qualname` of the type.
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "builtins.generator": ("is a running computation", "send list(...) of it, or its function"),
    "builtins.async_generator": ("is a running computation", "send the function that makes it"),
    "builtins.coroutine": (
        "is a running computation",
        "send the coroutine function and its arguments",
    ),
    "builtins.frame": ("is a running computation", "send the values that you need from it"),
    "builtins.traceback": ("holds running frames", "send traceback.format_exception(...) of it"),
    "builtins.module": (
        "is a module, which pickle does not send",
        "import it where it is used, inside the function or method",
    ),
    "builtins.memoryview": ("looks into memory of this process", "send bytes(...) of it"),
    "builtins.dict_keys": ("is a view of a dict that lives here", "send list(...) of it"),
    "builtins.dict_values": ("is a view of a dict that lives here", "send list(...) of it"),
    "builtins.dict_items": ("is a view of a dict that lives here", "send list(...) of it"),
    "builtins.mappingproxy": ("is a view of a dict that lives here", "send dict(...) of it"),
    "builtins.code": ("is bytecode", "send the function that holds it, with cloudpickle or dill"),
    "builtins.cell": ("is a closure's variable", "send the function, with cloudpickle or dill"),
    "functools._lru_cache_wrapper": (
        "is a cache around a function that its name does not lead to",
        "send its __wrapped__ and put the cache round it there, or define it at module level",
    ),
    "_contextvars.ContextVar": (
        "is an identity of this process",
        "keep it in an installed module, import it inside the function, send what it holds: .get()",
    ),
    "_contextvars.Context": ("is an identity of this process", "send the values that it holds"),
    "_contextvars.Token": ("is an identity of this process", "leave it out"),
    "_io.TextIOWrapper": ("is an open file", "send its path and open it there"),
    "_io.BufferedReader": ("is an open file", "send its path and open it there"),
    "_io.BufferedWriter": ("is an open file", "send its path and open it there"),
    "_io.BufferedRandom": ("is an open file", "send its path and open it there"),
    "_io.FileIO": ("is an open file", "send its path and open it there"),
    "tempfile._TemporaryFileWrapper": ("is an open file", "send its content"),
    "mmap.mmap": ("is mapped memory of this process", "send its path and map it there"),
    "socket.socket": ("is a connection of this process", "send the address and connect there"),
    "ssl.SSLContext": ("is C state of this process", "make it anew there"),
    "sqlite3.Connection": (
        "is a connection of this process",
        "send what is needed to connect, and connect there",
    ),
    "sqlite3.Cursor": ("is a connection of this process", "send the rows: list(...) of it"),
    "_thread._local": ("belongs to the threads of this process", "make it anew there"),
    "_weakref.ReferenceType": (
        "is a weak reference, which nothing there would keep alive",
        "send the object itself, or leave the reference out",
    ),
    "weakref.ReferenceType": (
        "is a weak reference, which nothing there would keep alive",
        "send the object itself, or leave the reference out",
    ),
    "_ctypes._Pointer": (
        "is a ctypes pointer into memory of this process",
        "send the value that it points to (.contents)",
    ),
    "_ctypes.CFuncPtr": ("is a ctypes pointer into memory of this process", "load it there"),
    "ctypes.CDLL": ("is a library loaded by ctypes in this process", "load it there"),
    "_tkinter.tkapp": ("is a window of this process", "make it anew there"),
}
_MAX_FRAMES: Final = 20
_MAX_TOLD: Final = 120
_LOCKS: Final = "belongs to the threads of this process"
_PYTEST: Final = (
    "is pytest's, which replaces streams while a test runs",
    "look it up when called (print(), sys.stdout), not when defined",
)
_ELSE: Final = "leave it out of what travels, and make it there"


def type_name(value: object) -> str:
    """Return the class of a value as text: `sqlite3.Connection`, `dict`."""
    return _full_name(value).removeprefix("builtins.")


def _full_name(value: object) -> str:
    kind = type(value)
    return f"{module_of_class(kind)}.{qualname_of(kind)}"


def code_of(leaf: Leaf) -> str:
    """Return the problem code of a part."""
    if is_kind(leaf.error, RecursionError):
        return "recursion"
    return "pytest-leak" if _is_pytests(leaf.value) else "unserializable"


def module_of(value: object) -> str:
    """Return the module that a part belongs to: a definition's own, or its class's."""
    named = value if _is_definition(value) else type(value)
    return module_of_class(named) if is_kind(named, type) else str(named.__module__)


def _is_definition(value: object) -> TypeGuard[types.FunctionType | type]:
    return is_a(value, types.FunctionType) or is_a(value, type)


def _is_pytests(value: object) -> bool:
    return module_of_class(type(value)).partition(".")[0] == "_pytest"


def describe(value: object) -> str:
    """Return how to name a part: a function or class by its name and place, else by its type."""
    if is_a(value, types.FunctionType):
        code = value.__code__
        word = "the lambda" if value.__name__ == "<lambda>" else "the function"
        file = code.co_filename.rpartition("/")[2]
        return f"{word} {value.__module__}.{value.__qualname__} ({file}:{code.co_firstlineno})"
    if is_a(value, type):
        return f"the class {module_of_class(value)}.{qualname_of(value)}"
    if is_a(value, types.ModuleType):
        return f"the module {held_in(value).get('__name__', '?')}"
    # What wraps a function (a cache) has its name.
    named = instance_attributes(value).get("__qualname__")
    return f"{type_name(value)} {named}" if isinstance(named, str) else type_name(value)


def explain_leaf(leaf: Leaf) -> str:
    """Return why a part cannot be dumped, in one sentence."""
    value, error = leaf.value, leaf.error
    what = describe(value)
    if leaf.by:
        return f"{what} is refused by {leaf.by}: {_told(error)}"
    holder = holder_of(leaf)
    if holder is not None:
        what += f", held by {_a(type_name(holder))},"
    known = _known(value)
    if is_kind(error, RecursionError):
        return f"{what}: {_frame_of(error)} calls itself without end"
    if _is_definition(value) and (why := _why_not_by_name(value)):
        return f"{what} {why}"
    return f"{what} {known[0]}" if known else what + _what_happened(value, error)


def _what_happened(value: object, error: BaseException) -> str:
    raised, reducer = _raised_in(error), _own_reducer(value)
    if raised:
        return f": {raised} raised {read_name(type(error))}"
    if reducer and is_kind(error, pickle.PicklingError):
        return f": {reducer} returns what pickle cannot use"
    told = _told(error)
    is_plain = not told or told.startswith("cannot pickle ")  # which says no more than the class
    return " cannot be dumped" if is_plain else f" cannot be dumped: {told}"


def _told(error: BaseException) -> str:
    return (text_of(error).partition("\n")[0] or read_name(type(error)))[:_MAX_TOLD]


def _known(value: object) -> tuple[str, str] | None:
    """Return what a value of a well-known class is, and what to send in its place."""
    for kind in read_mro(type(value))[:-1]:
        full = f"{module_of_class(kind)}.{qualname_of(kind)}"
        if full in _KINDS:
            return _KINDS[full]
    if _is_pytests(value):
        return _PYTEST
    return (_LOCKS, "") if _is_lock(value) else None


def _own_reducer(value: object) -> str:
    """Return the method of a class that decides what is sent; empty for the default ones."""
    kind = type(value)
    for name in ("__reduce_ex__", "__reduce__", "__getstate__"):
        if static(kind, name) is not object.__dict__.get(name):
            return f"{qualname_of(kind)}.{name}"
    return ""


def _is_lock(value: object) -> bool:
    kind = type(value)
    return module_of_class(kind) in ("_thread", "threading", "_multiprocessing") and any(
        word in qualname_of(kind) for word in ("lock", "Lock", "Thread", "Sem")
    )


def _why_not_by_name(value: types.FunctionType | type) -> str:
    """Return why a name does not lead to a function or class; nothing where it does."""
    module, name = (
        module_of(value),
        (qualname_of(value) if is_kind(value, type) else str(value.__qualname__)),
    )
    if "<locals>" in name:
        owner = name.partition(".<locals>")[0]
        return f"lives inside {owner}(): it is sent by name, and its name leads nowhere"
    found: object = sys.modules.get(module)
    if found is None:
        return f"says it lives in {module}, which is no module here"
    for part in name.split("."):
        found = asked(found, part, MISSING)
        if found is MISSING:
            return f"is sent by name, and {module} has no {name}"
    if found is value:
        return ""  # its name does lead to it
    if is_a(value, type) and is_kind(found, type):
        return f"is not the class that {module}.{name} is now: that was defined again (a reload?)"
    return f"is not what {module}.{name} is now: that is {_a(describe(found))}"


def _a(text: str) -> str:
    return text if text.startswith("the ") else f"a {text}"


def _frames(error: BaseException) -> Iterator[types.FrameType]:
    trace = slot_of(error, "__traceback__")
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _is_machinery(frame: types.FrameType) -> bool:
    top = str(frame.f_globals.get("__name__")).partition(".")[0]
    return top in _MACHINERY


def _raised_in(error: BaseException) -> str:
    """Return the name of the reducer that raised, where it is not a part of the pickler."""
    inner: list[types.FrameType] = []
    for frame in _frames(error):
        inner = [] if _is_machinery(frame) else [*inner, frame]
    return _spell(inner[0]) if inner else ""


def traceback_of(error: BaseException) -> str:
    """Return the traceback of a reducer that raised; empty where the pickler itself did."""
    trace = slot_of(error, "__traceback__")
    while trace is not None and _is_machinery(trace.tb_frame):
        trace = trace.tb_next
    lines = traceback.format_exception(type(error), error, trace, limit=_MAX_FRAMES)
    return "".join(lines).rstrip() if trace is not None else ""


def _frame_of(error: BaseException) -> str:
    frames = [frame for frame in _frames(error) if not _is_machinery(frame)]
    return _spell(frames[-1]) if frames else "its reducer"


def _spell(frame: types.FrameType) -> str:
    code = frame.f_code
    file = code.co_filename.rpartition("/")[2]
    name = code.co_name
    if sys.version_info >= (3, 11):
        name = code.co_qualname
    elif "self" in frame.f_locals:
        name = f"{qualname_of(type(frame.f_locals['self']))}.{name}"
    return f"{name} ({file}:{frame.f_lineno})"


def remedies_of(leaf: Leaf, serializer: str) -> tuple[Remedy, ...]:
    """Return what to change, the smallest change first.

    Args:
        leaf: the part.
        serializer: name of the leg's serializer.
    """
    value = leaf.value
    if is_kind(leaf.error, RecursionError):
        return ()
    if leaf.by:
        return (Remedy(f"convert it to what {leaf.by} takes before it is dumped"),)
    if _is_definition(value) and _why_not_by_name(value):
        if is_stdlib(value):
            return leave_out(leaf)
        return tuple(_remedies_of_definition(value, serializer))
    known = _known(value)
    if known is None and (_raised_in(leaf.error) or _returns_wrong(leaf)):
        said = "return a global's name, or a tuple: a callable and its arguments"
        return () if _raised_in(leaf.error) else (Remedy(said),)
    instead = (Remedy(known[1]),) if known and known[1] else ()
    return instead + (leave_out(leaf) or (() if instead else (Remedy(_ELSE),)))


def _returns_wrong(leaf: Leaf) -> bool:
    return bool(_own_reducer(leaf.value)) and is_kind(leaf.error, pickle.PicklingError)


def _remedies_of_definition(value: types.FunctionType | type, serializer: str) -> Iterator[Remedy]:
    reloaded = is_a(value, type) and "<locals>" not in value.__qualname__
    if reloaded and "is now" in _why_not_by_name(value):
        yield Remedy("make the object anew after the reload")
        return
    if "is now" in _why_not_by_name(value):
        yield Remedy("give the undecorated function a name of its own at module level")
    else:
        yield Remedy("define it at the top level of a module of an installed package")
    if serializer in PLAIN and _cloudpickle_dumps(value):
        yield Remedy(
            'serializer="cloudpickle", which sends it by value', 'serializer="cloudpickle"'
        )


def _cloudpickle_dumps(value: object) -> bool:
    """Return whether cloudpickle can dump a definition, so that the remedy works."""
    import cloudpickle  # noqa: PLC0415 - only for a remedy

    try:
        cloudpickle.dumps(value)
    except BaseException as error:  # noqa: BLE001 - it cannot
        pass_on(error)
        return False
    return True
