"""What a serializer is: functions that dump on the host, and names of those that load there."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_portable.errors import OptionError, near
from pytest_portable.serializers.task import LeftBehind, Limit, Task

__all__ = ["Serializer", "refusing_other_pythons", "resolve", "whole"]

Minor = tuple[int, int]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FUNCTION: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def whole(payload: bytes) -> Sequence[bytes]:
    """Return the payload as its only pickle stream."""
    return (payload,)


def resolve(name: str) -> Callable[..., object]:
    """Import `module:function` on the host."""
    module, _, attribute = name.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), attribute)
    return found


def _nothing(*_: object) -> Sequence[Any]:
    """Return nothing: the default of the callbacks."""
    return ()


def refusing_other_pythons(refused: str) -> Callable[[Minor, Minor, object], Sequence[str]]:
    """Return the `remarks` of a framework whose workers must have the Python of the submitter.

    Args:
        refused: what the framework does otherwise, in words.
    """

    def remarks(host: Minor, target: Minor, _: object) -> Sequence[str]:
        if host == target:
            return ()
        here, there = (".".join(map(str, minor)) for minor in (host, target))
        return (f"{refused}: {there} there, {here} here",)

    return remarks


@dataclass(frozen=True, kw_only=True)
class Serializer:
    """One way to dump and load.

    Functions of the target are named as `module:function`; of several, the first whose module is
    installed there is used. `there:function` names a function in the source text `there`, which
    the target gets with the payload.

    Attributes:
        name: for marks, options and the command line.
        dumps: `dumps(obj, protocol=..., **options) -> bytes`, on the host; `protocol` is passed
            only where there is a `default_protocol`.
        loaders: `module:function` names that load there: bytes to object.
        loads: bytes to object on the host, without changing the host's own definitions; the first
            of `loaders` where it is `None`.
        dumpers: `module:function` names that dump there what goes back, called as `dumps` is.
        requirement: what the target needs to load: a requirement, pinned at the host's version
            where it names none; `None` for the standard library.
        requirement_is_firm: whether the environment must have exactly that; else another version
            is installed, with a note, where the host's does not resolve.
        default_protocol: returns the pickle protocol where the leg has none; `None` where the
            serializer has no protocols.
        pickles: the pickle streams in a payload, in order, decoded where the envelope encodes
            them; what reads payloads without loading them starts here.
        preload: modules that the agent imports before any payload, where they are installed.
        load_options: which of the mark's `options` are for loading, there and here; the others are
            for dumping.
        accepts: the keyword arguments of `dumps` that `options` may name; `None` for any.
        keeps_sharing: one object in two places comes back as one; joblib splits what an array
            of objects and its surroundings share.
        is_same: `is_same(original, returned)` answers whether what the system knows of two objects
            is the same; asked where they differ part by part, which then is no difference. `None`
            where every part counts.
        dump: writes to a stream what `dumps` returns, and takes `buffer_callback` as `pickle.dump`
            does; loaders and dumpers take `buffers` and `buffer_callback` then. `None` for none.
        task: how the framework sends calls; `None` where the agent makes the call.
        reader: `there:function` that a server on the way runs on a payload: it reads the parts
            outside of the pickles, loads nothing, and returns the bytes to forward; `None` where
            servers only forward.
        limits: how much the system lets through.
        remarks: `remarks(host, target, distributions)` returns lines about the framework's own
            rules for that pair: Python minors as tuples, and what is installed there.
        left_behind: `left_behind(obj, options)` returns names that a function uses and that are not
            sent with it.
        check_options: `check_options(options)` returns what is wrong with their values.
        machinery: package that sends definitions by value, which `by_value` needs: `dill`, or a
            module with cloudpickle's `register_pickle_by_value`; `None` where none does.
        there: source text of functions for the target: standard library at its top, the rest
            imported inside the functions; the oldest Python that it runs on is 3.8.
        spawns: whether the process that loads has run the script of the one that dumped, under
            the name `__mp_main__`.

    Raises:
        OptionError: with every mistake of the arguments.
    """

    name: str
    dumps: Callable[..., bytes]
    loaders: str | tuple[str, ...]
    loads: Callable[..., object] | None = None
    dumpers: str | tuple[str, ...] = ("pickle:dumps",)
    requirement: str | None = None
    requirement_is_firm: bool = False
    default_protocol: Callable[[], int] | None = None
    pickles: Callable[[bytes], Sequence[bytes]] = whole
    preload: tuple[str, ...] = ()
    accepts: frozenset[str] | None = None
    load_options: frozenset[str] = frozenset()
    keeps_sharing: bool = True
    is_same: Callable[[Any, Any], bool] | None = None
    dump: Callable[..., None] | None = None
    task: Task | None = None
    reader: str | None = None
    limits: tuple[Limit, ...] = ()
    remarks: Callable[[Minor, Minor, Mapping[str, str]], Sequence[str]] = _nothing
    left_behind: Callable[[object, Mapping[str, object]], Sequence[LeftBehind]] = _nothing
    check_options: Callable[[Mapping[str, object]], Iterable[str]] = _nothing
    machinery: str | None = None
    there: str = ""
    spawns: bool = False

    def __post_init__(self) -> None:
        """Turn single names into lists of one, and raise for mistakes."""
        for key in ("loaders", "dumpers", "preload"):
            value = getattr(self, key)
            object.__setattr__(self, key, (value,) if isinstance(value, str) else tuple(value))
        if mistakes := [f"Serializer({self.name!r}): {found}" for found in self._mistakes()]:
            raise OptionError(mistakes)

    def _mistakes(self) -> Iterator[str]:
        if not _NAME.fullmatch(str(self.name)):
            yield f"name: {self.name!r} is not a word of letters, digits, '-', '_' and '.'"
        for key in ("dumps", "pickles", "loads", "default_protocol", "is_same"):
            value = getattr(self, key)
            may_miss = key in {"loads", "default_protocol", "is_same"}
            if not callable(value) and not (value is None and may_miss):
                yield f"{key}: {value!r} cannot be called"
        yield from self._name_mistakes("loaders", self.loaders)
        yield from self._name_mistakes("dumpers", self.dumpers)
        if self.reader is not None:
            yield from self._name_mistakes("reader", (self.reader,))
        if self.loads is None and self.loaders and str(self.loaders[0]).startswith("there:"):
            yield "loads: not given, and the first loader is a function of the target only"
        if self.requirement is not None:
            yield from _requirement_mistakes(self.requirement)

    def _name_mistakes(self, key: str, names: str | tuple[str, ...]) -> Iterator[str]:
        if not names:
            yield f"{key}: the list is empty"
        for name in names:
            if not _FUNCTION.fullmatch(str(name)):
                yield f"{key}: {name!r} is not 'module:function'"
            elif name.startswith("there:") and not self.there:
                yield f"{key}: {name!r} names a function of the source `there`, which is empty"

    def load(
        self,
        data: bytes,
        options: Mapping[str, object] | None = None,
        **beside: object,
    ) -> object:
        """Load bytes on the host; of a mark's `options` those for loading are used.

        Args:
            data: the payload, or the answer.
            options: a mark's.
            beside: `buffers`, where some are not in the stream.
        """
        loads: Callable[..., object] = self.loads or resolve(self.loaders[0])
        return loads(data, **self.split(options or {})[1], **beside)

    def split(self, options: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
        """Split a mark's `options` into those for dumping and those for loading."""
        dumping = {key: value for key, value in options.items() if key not in self.load_options}
        return dumping, {key: options[key] for key in options if key in self.load_options}

    def find_mistakes(self, options: Mapping[str, object], protocol: int | None) -> list[str]:
        """Return what this serializer does not accept of a mark's `options` and `protocol`."""
        mistakes = []
        if (accepted := self.accepts) is not None:
            valid = ", ".join(sorted(accepted)) or "none"
            mistakes += [
                f"options: {self.name} takes no {word!r}{near(word, accepted)} (valid: {valid})"
                for word in options
                if word not in accepted
            ]
        mistakes += [f"options: {found}" for found in self.check_options(options)]
        if protocol is not None and self.default_protocol is None:
            mistakes.append(f"protocol: {self.name} takes no pickle protocol")
        return mistakes

    def origin(self) -> str:
        """Return where the serializer comes from, for messages: the function that dumps."""
        function = inspect.unwrap(self.dumps)
        module = getattr(function, "__module__", None) or type(function).__module__
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        return f"{module}.{name}"


def _requirement_mistakes(line: object) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement

    if not isinstance(line, str):
        yield f"requirement: {line!r} is not a string"
        return
    try:
        Requirement(line)
    except InvalidRequirement as error:
        yield f"requirement: {line!r} is not a requirement: {error}"
