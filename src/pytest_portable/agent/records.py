"""What a child recorded, typed and validated: a target is a stranger, so nothing is taken on trust.

`agent/in_target/messages.py` says which records there are and when they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, NamedTuple

from pytest_portable.agent.descriptions import Definition, PartFacts, SurveyAnswers
from pytest_portable.agent.typed_json import MalformedRecord, read_as

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
    "Noted",
    "Parts",
    "Portrait",
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


class Record:
    """What a child writes, one at a time.

    A record is known by a key of its own, under which its first attribute is; the others are under
    their names, and the bytes behind it are its `blob`.
    """

    kinds: ClassVar[dict[str, type[Record]]] = {}

    def __init_subclass__(cls, key: str) -> None:
        """Read records of this key as this class."""
        cls.kinds[key] = cls


@dataclass(frozen=True)
class Step(Record, key="step"):
    """A step that was begun; `name` is the payload or the probe that it is about."""

    step: str
    name: str = ""
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Loaded(Record, key="loaded"):
    """A payload that was loaded."""

    name: str
    loader: str
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Failed(Record, key="failed"):
    """A step that raised: `loading`, `dumping` or `returning`."""

    step: str
    name: str
    error: TargetError
    part: SmallestPart | None = None
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Value(Record, key="value"):
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
class Returned(Value, key="returned"):
    """The object itself, dumped there again."""


@dataclass(frozen=True)
class Raised(Record, key="raised"):
    """What a probe or a call raised.

    Attributes:
        error: the exception, described.
        name: as in `Value`.
        facts: its arguments and attributes, as text.
        links: for every member of its family: places of cause and context, and whether the
            context is hidden.
        dumper: what dumped it; empty where nothing could.
        blob: the family, dumped as a list, the exception first; `None` where it cannot be dumped.
        undumped: why it cannot be dumped.
        part: of it that cannot be dumped.
        within: path of the part whose method raised it; empty where it is none of the object's.
    """

    error: TargetError
    name: str
    facts: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[int | None, int | None, bool], ...] = ()
    dumper: str = ""
    blob: bytes | None = None
    undumped: TargetError | None = None
    part: SmallestPart | None = None
    within: str = ""
    warnings: tuple[Caught, ...] = ()


@dataclass(frozen=True)
class Alone(Record, key="alone"):
    """An exception dumped without what it was raised from."""

    name: str
    dumper: str
    blob: bytes


@dataclass(frozen=True)
class Portrait(Record, key="portrait"):
    """A drawing of the object, or of what a probe returned or raised.

    Attributes:
        name: `object`, or the label of the probe.
        type: module and qualified name of its class.
        seconds: that it took.
        blob: the nodes, as JSON; see `agent/in_target/portrait.py`.
    """

    name: str
    type: tuple[str, str]
    seconds: float
    blob: bytes


@dataclass(frozen=True)
class Forwarded(Record, key="forwarded"):
    """A payload that an opaque hop handed on."""

    name: str
    blob: bytes


@dataclass(frozen=True)
class Events(Record, key="events"):
    """What an opaque hop did beside forwarding."""

    events: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings(Record, key="surroundings"):
    """What lies around the object there."""

    survey: SurveyAnswers


@dataclass(frozen=True)
class Shadowed(Record, key="shadowed"):
    """Module and name of classes that came by value beside installed ones."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked(Record, key="asked"):
    """What a load asked of its surroundings: kind, what, offset in the payload."""

    asked: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Looked(Record, key="looked"):
    """What a probe asked of its surroundings (kind, what), and facts of its process."""

    looked: tuple[tuple[str, str], ...]
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Parts(Record, key="parts"):
    """What is known of each expression that was asked for, in order."""

    parts: tuple[PartFacts, ...]


@dataclass(frozen=True)
class Counted(Record, key="counted"):
    """A module that a payload refers to: why its import failed, or what its names stand for.

    A name that it does not have stands for `None`.
    """

    module: str
    error: TargetError | None
    names: Mapping[str, Definition | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Located(Record, key="located"):
    """Whether a module could be imported."""

    module: str
    found: bool


@dataclass(frozen=True)
class Facts(Record, key="stdlib"):
    """Top-level modules of the standard library, and who owns others: distribution, version."""

    stdlib: frozenset[str]
    owners: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Noted(Record, key="noted"):
    """The memory of a child that was watched while it loaded."""

    blob: bytes


@dataclass(frozen=True)
class Finished(Record, key="finished"):
    """The last record of a child that did all of a request."""

    nonce: str


def read_record(
    header: Mapping[str, Any], blob: bytes | None, buffers: tuple[bytearray, ...] = ()
) -> Record | None:
    """Return a record in its type; `None` for one that the host has no use for.

    Args:
        header: what the child wrote, as JSON gives it.
        blob: the bytes behind it, if any.
        buffers: what lay beside these.

    Raises:
        MalformedRecord: a key is missing, or holds another type; or there is no such record.
    """
    for key, kind in Record.kinds.items():
        if key in header:
            first = fields(kind)[0].name  # type: ignore[arg-type]
            return read_as(kind, {**header, first: header[key], "blob": blob, "buffers": buffers})
    if "description" not in header:
        raise MalformedRecord(f"{header!r:.80} is no record")
    return None
