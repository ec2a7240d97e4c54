"""What a child recorded, typed and validated: a target is a stranger, so nothing is taken on trust.

`agent/in_target/messages.py` says which records there are and when they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from pytest_portable.agent.descriptions import read_answers, read_definition, read_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_portable.agent.descriptions import Definition, PartFacts, SurveyAnswers

    _Reader: TypeAlias = "Callable[[_Header, bytes | None, tuple[bytearray, ...]], Record]"

__all__ = [
    "Alone",
    "Asked",
    "Caught",
    "Counted",
    "Events",
    "Facts",
    "Failed",
    "Finished",
    "Forwarded",
    "Frame",
    "Loaded",
    "Located",
    "Looked",
    "MalformedRecord",
    "Noted",
    "Parts",
    "Plain",
    "Raised",
    "Record",
    "Returned",
    "Shadowed",
    "SmallestPart",
    "Step",
    "Surroundings",
    "TargetError",
    "Value",
    "read_record",
]

Kind = TypeVar("Kind")


class MalformedRecord(ValueError):  # noqa: N818 - the name says what it is about
    """A record that no agent of ours writes: a key is missing, or holds another type."""


class Frame(NamedTuple):
    """One line of a traceback."""

    file: str
    line: int
    function: str
    module: str

    @property
    def name(self) -> str:
        """The function's own name: Pythons before 3.11 know no other."""
        return self.function.rpartition(".")[2]


class Caught(NamedTuple):
    """A warning that was raised there, and the file and line that it was raised for."""

    category: str
    module: str
    message: str
    file: str
    line: int


class SmallestPart(NamedTuple):
    """The smallest part that cannot be dumped: its path, and its class."""

    path: str
    module: str
    kind: str


@dataclass(frozen=True)
class TargetError:
    """An exception that was raised there.

    Attributes:
        type: qualified name of its class.
        module: where the class is defined.
        bases: plain names of the class and its bases, in resolution order.
        message: what `str()` of it returns.
        name: its attribute `name`, where that is text.
        about: what an attribute was looked up on: `module`, `class` or `instance`, then module and
            qualified name.
        file: the file that an `OSError` is about.
        frames: of its traceback, innermost last, those of the agent left out.
        traceback: as Python prints it.
        cause: what it was raised from, or while what was handled.
    """

    type: str
    module: str
    message: str
    traceback: str
    bases: tuple[str, ...] = ()
    name: str | None = None
    about: tuple[str, str, str] | None = None
    file: str | None = None
    frames: tuple[Frame, ...] = ()
    cause: TargetError | None = None

    def __str__(self) -> str:
        """Return it as the last line of a traceback reads."""
        return f"{self.type}: {self.message}"


@dataclass(frozen=True)
class Step:
    """A step that was begun; `name` is the payload or the probe that it is about."""

    step: str
    name: str = ""
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Loaded:
    """A payload that was loaded."""

    name: str
    loader: str
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Failed:
    """A step that raised: `loading`, `dumping` or `returning`."""

    step: str
    name: str
    error: TargetError
    part: SmallestPart | None = None
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Value:
    """What a probe or a call returned, dumped there.

    Attributes:
        name: label of the probe; `obj()` for a call.
        dumper: `module:function` that dumped it.
        type: module and qualified name of its class.
        blob: the payload.
        buffers: what protocol 5 keeps beside it.
    """

    name: str
    dumper: str
    type: tuple[str, str]
    blob: bytes
    buffers: tuple[bytearray, ...] = ()


@dataclass(frozen=True)
class Returned(Value):
    """The object itself, dumped there again."""


@dataclass(frozen=True)
class Raised:
    """What a probe or a call raised.

    Attributes:
        name: as in `Value`.
        error: the exception, described.
        facts: its arguments and attributes, as text.
        links: for every member of its family: places of cause and context, and whether the
            context is hidden.
        dumper: what dumped it; empty where nothing could.
        blob: the family, dumped as a list, the exception first; `None` where it cannot be dumped.
        undumped: why it cannot be dumped.
        part: of it that cannot be dumped.
        within: path of the part whose method raised it; empty where it is none of the object's.
    """

    name: str
    error: TargetError
    facts: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[int | None, int | None, bool], ...] = ()
    dumper: str = ""
    blob: bytes | None = None
    undumped: TargetError | None = None
    part: SmallestPart | None = None
    within: str = ""
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Alone:
    """An exception dumped without what it was raised from."""

    name: str
    dumper: str
    blob: bytes


@dataclass(frozen=True)
class Plain:
    """Text that a probe returned, as it is."""

    name: str
    text: str


@dataclass(frozen=True)
class Forwarded:
    """A payload that an opaque hop handed on."""

    name: str
    blob: bytes


@dataclass(frozen=True)
class Events:
    """What an opaque hop did beside forwarding."""

    events: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """What lies around the object there."""

    survey: SurveyAnswers


@dataclass(frozen=True)
class Shadowed:
    """Module and name of classes that came by value beside installed ones."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """What a load asked of its surroundings: kind, what, offset in the payload."""

    asked: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Looked:
    """What a probe asked of its surroundings (kind, what), and facts of its process."""

    looked: tuple[tuple[str, str], ...]
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Parts:
    """What is known of each expression that was asked for, in order."""

    parts: tuple[PartFacts, ...]


@dataclass(frozen=True)
class Counted:
    """A module that a payload refers to: why its import failed, or what its names stand for.

    A name that it does not have stands for `None`.
    """

    module: str
    error: TargetError | None
    names: Mapping[str, Definition | None]


@dataclass(frozen=True)
class Located:
    """Whether a module could be imported."""

    module: str
    found: bool


@dataclass(frozen=True)
class Facts:
    """Top-level modules of the standard library, and who owns others: distribution, version."""

    stdlib: frozenset[str]
    owners: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Noted:
    """The memory of a child that was watched while it loaded."""

    blob: bytes


@dataclass(frozen=True)
class Finished:
    """The last record of a child that did all of a request."""

    nonce: str


Record: TypeAlias = (
    Alone
    | Asked
    | Counted
    | Events
    | Facts
    | Failed
    | Finished
    | Forwarded
    | Loaded
    | Located
    | Looked
    | Noted
    | Parts
    | Plain
    | Raised
    | Returned
    | Shadowed
    | Step
    | Surroundings
    | Value
)

MAX_CAUSES: Final = 12


def read_record(
    header: Mapping[str, Any], blob: bytes | None, buffers: tuple[bytearray, ...] = ()
) -> Record | None:
    """Return a record in its type; `None` for one that the host has no use for.

    Args:
        header: what the child wrote, as JSON gives it.
        blob: the bytes behind it, if any.
        buffers: what lay beside these.

    Raises:
        MalformedRecord: a key is missing, or holds another type.
    """
    for key, read in _READERS:
        if key in header:
            return read(_Header(header), blob, buffers)
    return None


class _Header:
    """Keys of one header, each asked for by its type."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._header = header

    def get(self, key: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        found = self._header.get(key, default)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise MalformedRecord(f"{key}: {found!r:.80} is no {kind.__name__}")
        return found

    def text(self, key: str, default: str | None = None) -> str:
        return self.get(key, str, default)

    def maybe_text(self, key: str) -> str | None:
        return None if self._header.get(key) is None else self.text(key)

    def rows(self, key: str, *kinds: type) -> tuple[tuple[Any, ...], ...]:
        """Return a list of lists, each of as many parts of these types; none where it is absent."""
        return tuple(_row(row, kinds, key) for row in self.get(key, list, []))

    def row(self, key: str, *kinds: type) -> tuple[Any, ...]:
        return _row(self._header.get(key), kinds, key)

    def maybe_row(self, key: str, *kinds: type) -> Any:  # noqa: ANN401 - the caller names the types
        return None if self._header.get(key) is None else self.row(key, *kinds)

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.get(key, list, [])
        return _row(found, (str,) * len(found), key)

    def table(
        self, key: str, kind: type[Kind], default: dict[str, Kind] | None = None
    ) -> dict[str, Kind]:
        found: dict[str, Kind] = self.get(key, dict, default)
        for value in found.values():
            if not isinstance(value, kind):
                raise MalformedRecord(f"{key}: {value!r:.80} is no {kind.__name__}")
        return found

    def warnings(self) -> tuple[Caught, ...]:
        return tuple(
            Caught(
                category=one.text("category"),
                module=one.text("module"),
                message=one.text("message"),
                file=one.text("file"),
                line=one.get("line", int),
            )
            for one in (_Header(_dict(each, "warnings")) for each in self.get("warnings", list, []))
        )

    def error(self, key: str, depth: int = 0) -> TargetError:
        return _error(_Header(self.get(key, dict)), depth)

    def maybe_error(self, key: str, depth: int = 0) -> TargetError | None:
        return None if self._header.get(key) is None else self.error(key, depth)

    def part(self) -> SmallestPart | None:
        found = self.maybe_row("part", str, str, str)
        return None if found is None else SmallestPart(*found)


def _dict(value: object, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedRecord(f"{key}: {value!r:.80} is no dict")
    return value


def _row(value: object, kinds: Sequence[type], key: str) -> tuple[Any, ...]:
    row = value if isinstance(value, list) else [None]
    if len(row) != len(kinds) or not all(map(isinstance, row, kinds)):
        raise MalformedRecord(f"{key}: {value!r:.80} is no list of {len(kinds)} such values")
    return tuple(row)


def _error(told: _Header, depth: int) -> TargetError:
    if depth > MAX_CAUSES:
        raise MalformedRecord("causes: deeper than any agent of ours describes them")
    return TargetError(
        type=told.text("type"),
        module=told.text("module"),
        message=told.text("message"),
        traceback=told.text("traceback"),
        # A system's own answer may be no more than a text.
        bases=told.texts("bases"),
        name=told.maybe_text("name"),
        about=told.maybe_row("about", str, str, str),
        file=told.maybe_text("file"),
        frames=tuple(Frame(*row) for row in told.rows("frames", str, int, str, str)),
        cause=told.maybe_error("cause", depth + 1),
    )


def _bytes(blob: bytes | None) -> bytes:
    if blob is None:
        raise MalformedRecord("a record without the bytes that it is about")
    return blob


def _value(kind: type[Value]) -> _Reader:
    key = kind.__name__.lower()

    def read(told: _Header, blob: bytes | None, buffers: tuple[bytearray, ...]) -> Value:
        found = told.row("type", str, str)
        return kind(
            told.text(key), told.text("dumper"), (found[0], found[1]), _bytes(blob), buffers
        )

    return read


def _raised(told: _Header, blob: bytes | None, _: object) -> Raised:
    links = told.get("links", list, [])
    return Raised(
        name=told.text("name"),
        error=told.error("raised"),
        facts=told.table("facts", str, {}),
        links=tuple(_row(link, (_PLACE, _PLACE, bool), "links") for link in links),
        dumper=told.text("dumper", ""),
        blob=blob,
        undumped=told.maybe_error("undumped"),
        part=told.part(),
        within=told.text("within", ""),
        warnings=told.warnings(),
    )


def _counted(told: _Header, _blob: object, _buffers: object) -> Counted:
    names = {name: read_definition(found) for name, found in told.table("names", dict, {}).items()}
    return Counted(told.text("counted"), told.maybe_error("exception"), names)


def _failed(told: _Header, _blob: object, _buffers: object) -> Failed:
    return Failed(
        step=told.text("failed"),
        name=told.text("name"),
        error=told.error("exception"),
        part=told.part(),
        warnings=told.warnings(),
    )


def _facts(told: _Header, _blob: object, _buffers: object) -> Facts:
    owners = {
        top: _row(owner, (str, str), "owners") for top, owner in told.get("owners", dict).items()
    }
    return Facts(frozenset(told.texts("stdlib")), owners)


def _looked(told: _Header, _blob: object, _buffers: object) -> Looked:
    rows = told.rows("looked", str, str, int)
    return Looked(tuple((kind, what) for kind, what, _ in rows), told.table("facts", str))


_PLACE: Final[Any] = (int, type(None))
# In this order: `name` and `facts` stand in several.
_READERS: Final[tuple[tuple[str, _Reader], ...]] = (
    ("step", lambda told, *_: Step(told.text("step"), told.text("name", ""), told.warnings())),
    ("loaded", lambda told, *_: Loaded(told.text("loaded"), told.text("loader"), told.warnings())),
    ("returned", _value(Returned)),
    ("finished", lambda told, *_: Finished(told.text("finished"))),
    ("value", _value(Value)),
    ("raised", _raised),
    ("failed", _failed),
    ("alone", lambda told, blob, _: Alone(told.text("alone"), told.text("dumper"), _bytes(blob))),
    (
        "plain",
        lambda told, blob, _: Plain(told.text("plain"), _bytes(blob).decode("utf-8", "replace")),
    ),
    ("surroundings", lambda told, *_: Surroundings(read_answers(told.get("surroundings", dict)))),
    ("shadowed", lambda told, *_: Shadowed(told.rows("shadowed", str, str))),
    ("forwarded", lambda told, blob, _: Forwarded(told.text("forwarded"), _bytes(blob))),
    ("events", lambda told, *_: Events(told.texts("events"))),
    ("noted", lambda _, blob, __: Noted(_bytes(blob))),
    ("asked", lambda told, *_: Asked(told.rows("asked", str, str, int))),
    ("looked", _looked),
    (
        "parts",
        lambda told, *_: Parts(
            tuple(read_part(_dict(one, "parts")) for one in told.get("parts", list))
        ),
    ),
    ("counted", _counted),
    ("located", lambda told, *_: Located(told.text("located"), told.get("found", bool))),
    ("facts", _facts),
)
