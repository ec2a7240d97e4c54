"""Unpicklers that note every step before they take it, in memory that outlives a crash."""

from __future__ import annotations

import importlib
import os
import pickle
import sys

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.describe import named
    from pytest_portable.agent.in_target.loading import resolve
    from pytest_portable.agent.in_target.messages import encode, write_all


class Notes:
    """The step that a child is about to take, kept in its records, which outlive a crash."""

    SIZE = 4096

    def __init__(self, records: int) -> None:
        write_all(records, encode({"noted": True}, (bytes(self.SIZE),)))
        # The whole file is mapped, because a mapping begins at a page.
        end = os.fstat(records).st_size
        self.memory = memoryview(forgetting("mmap").mmap(records, end))[end - self.SIZE :]
        self.offset = -1

    def write(self, offset: int, *words: str) -> None:
        """Note a step: the length of the text and the offset, then the text."""
        self.offset = offset
        text = "\0".join(words).encode("utf-8", "replace")[: self.SIZE - 12]
        self.memory[12 : 12 + len(text)] = text
        self.memory[:12] = len(text).to_bytes(4, "big") + offset.to_bytes(8, "big", signed=True)

    def watching(self, function: Any, elsewhere: list[list[str]]) -> Any:
        """Return a loader that notes its steps: pickle's, or one that is built on it."""
        options = getattr(function, "keywords", {})
        plain = getattr(function, "func", function) in (pickle.loads, pickle.load)
        places = {} if plain else {(module, name): place for module, name, place in elsewhere}
        kind = watching_unpickler(self, places)

        def loads(data: bytes, **given: Any) -> object:
            import io

            return kind(io.BytesIO(data), **{**options, **given}).load()

        if plain or elsewhere:
            return loads
        watch_subclasses(kind.__base__, self, kind)
        pickle.loads, pickle.Unpickler = loads, kind  # type: ignore[assignment, misc]
        pickle.load = lambda stream, **given: kind(stream, **given).load()
        return function


def forgetting(name: str) -> Any:
    """Import a module, and take it out of `sys.modules` again: a payload finds it as before."""
    known = name in sys.modules
    module = importlib.import_module(name)
    if not known:
        del sys.modules[name]
    return module


def watching_unpickler(notes: Notes, places: dict[tuple[str, str], str]) -> Any:
    """Return a pure-Python unpickler that notes every step before it takes it."""
    base = pickle._Unpickler  # noqa: SLF001 - the one written in Python

    class Unpickler(base):  # type: ignore[misc, valid-type]
        def find_class(self, module: str, name: str) -> Any:
            notes.write(notes.offset, "GLOBAL", module, name)
            place = places.get((module, name)) or places.get((module, "*"))
            if place is None:
                return super().find_class(module, name)
            if ":" in place:
                return resolve(place).__dict__
            return super().find_class(place, name)

        dispatch = dict(base.dispatch)  # noqa: RUF012

    watch_steps(Unpickler, notes)
    return Unpickler


def watch_subclasses(kind: Any, notes: Notes, but: Any) -> None:
    """Let every other unpickler written in Python note its steps, by position in its stream."""
    for each in kind.__subclasses__():
        if each is not but:
            if "dispatch" in each.__dict__:
                watch_steps(each, notes)
            watch_subclasses(each, notes, but)


def watch_steps(kind: Any, notes: Notes) -> None:
    """Wrap the steps of an unpickler that run code or look names up."""
    for name, words in STEPS.items():
        code = getattr(pickle, name)[0]
        if code in kind.dispatch:
            kind.dispatch[code] = watched(kind.dispatch[code], name, words, notes)


def watched(step: Any, name: str, words: Any, notes: Notes) -> Any:
    """Return a step that notes what it is about to do."""

    def noted(unpickler: Any) -> None:
        try:
            said = words(unpickler)
        except BaseException:
            said = ()
        notes.write(position(unpickler), name, *said)
        step(unpickler)

    return noted


def position(unpickler: Any) -> int:
    """Return the offset of the opcode that was just read."""
    framer = unpickler._unframer  # noqa: SLF001
    frame = framer.current_frame
    try:
        if frame is None:
            return int(framer.file_read.__self__.tell()) - 1
        start = int(framer.file_read.__self__.tell()) - len(frame.getbuffer())
        return start + int(frame.tell()) - 1
    except (AttributeError, OSError, ValueError):
        return -1


def callee_words(function: Any, arguments: Any) -> tuple[str, ...]:
    """Name a callable and, for makers of others, what its first argument is."""
    words = named(function)
    first = arguments[0] if isinstance(arguments, tuple) and arguments else None
    if isinstance(first, str):
        return (*words, "", first[:200])
    return (*words, *named(first)) if callable(first) else words


def build_words(unpickler: Any) -> tuple[str, ...]:
    """Name the class whose state is set, and the hook that will do it."""
    kind = type(unpickler.stack[-2])
    own = getattr(kind, "__setstate__", None)
    hook = "__setstate__" if own is not None else ""
    return (*named(kind), "", "", hook)


def inner_words(unpickler: Any) -> tuple[str, ...]:
    """Name the class of a container that gets several items."""
    return named(type(unpickler.metastack[-1][-1]))


STEPS = {
    "GLOBAL": lambda self: (),
    "STACK_GLOBAL": lambda self: (str(self.stack[-2]), str(self.stack[-1])),
    "INST": lambda self: (),
    "OBJ": lambda self: named(self.stack[0]),
    "NEWOBJ": lambda self: named(self.stack[-2]),
    "NEWOBJ_EX": lambda self: named(self.stack[-3]),
    "REDUCE": lambda self: callee_words(self.stack[-2], self.stack[-1]),
    "BUILD": build_words,
    "APPEND": lambda self: named(type(self.stack[-2])),
    "SETITEM": lambda self: named(type(self.stack[-3])),
    "APPENDS": inner_words,
    "SETITEMS": inner_words,
    "ADDITEMS": inner_words,
    "FROZENSET": lambda self: ("builtins", "frozenset"),
    "EXT1": lambda self: (),
    "EXT2": lambda self: (),
    "EXT4": lambda self: (),
    "PERSID": lambda self: (),
    "BINPERSID": lambda self: (),
    "NEXT_BUFFER": lambda self: (),
}
