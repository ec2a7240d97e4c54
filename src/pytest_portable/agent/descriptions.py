"""What a target says of definitions, of values and of what lies around an object: typed, checked.

The same is read of what this process says: both sides describe with the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "Definition",
    "PartFacts",
    "SurveyAnswers",
    "SurveyEntry",
    "read_answers",
    "read_definition",
    "read_part",
]

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Definition:
    """What tells one definition of a class or function from another of the same name.

    Attributes:
        kind: `class`, `function`, or the name of the class that it is of.
        parameters: of a function, as one writes them.
        made_by: packages of its bases, and those that wrote its methods.
        bases: of a class, with their modules.
        members: of an enum: name and value.
        fields: of a named tuple or a dataclass.
        slots: those of its bases included; `None` where it has none.
        has_dict: whether its instances take any attribute.
        makers: parameters of its own `__new__` and `__init__`.
        sets: names that its `__init__` mentions.
        attributes: that it defines.
        code: a number that changes with its code.
    """

    kind: str
    parameters: tuple[str, ...] = ()
    made_by: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] | None = None
    fields: tuple[str, ...] = ()
    slots: tuple[str, ...] | None = None
    has_dict: bool = False
    makers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    code: int | None = None


@dataclass(frozen=True)
class PartFacts:
    """What an expression evaluates to.

    Attributes:
        text: of the value, the same in every process; `None` where it raised.
        raised: what it raised; empty where it did not.
        held: names of the attributes that the value itself holds.
    """

    text: str | None
    raised: str = ""
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class SurveyEntry:
    """One value that lies around an object; which fields are filled depends on its kind.

    Attributes:
        kind: `function`, `class`, `module`, `plain`, `object` (an instance of the user's own
            class), `foreign` (a class of another package), `mock`, `other` or `missing`.
        name: of a module.
        module: that it is defined in.
        place: file and line of a function.
        file: mark of that file.
        source: of a function; `None` where it cannot be read.
        code: of a function: the Python that compiled it, and a number.
        wrappers: modules of what a function is wrapped in.
        registry: classes that were registered with a generic function.
        text: of a plain value.
        is_flat: whether a plain value is no container.
        type: module and name of the class of another value; of an object, its name alone.
        fields: of an object.
        members: of a class.
        enum: names and values, where the class is an enum.
    """

    kind: str
    name: str = ""
    module: str = ""
    place: str = ""
    file: tuple[int, ...] | None = None
    source: str | None = None
    code: tuple[str, int] = ("", 0)
    wrappers: tuple[str, ...] = ()
    registry: tuple[str, ...] = ()
    text: str = ""
    is_flat: bool = True
    type: tuple[str, str] = ("", "")
    fields: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, SurveyEntry] = field(default_factory=dict)
    enum: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SurveyAnswers:
    """What one side says of what lies around an object.

    Attributes:
        entries: `module:name` -> what stands there.
        origins: `module:name` -> the one that led to it; empty for what was asked about.
        files: module -> its file, and a mark of what that holds.
        virtual: for each class and abstract class: whether it counts as one of them.
    """

    entries: Mapping[str, SurveyEntry] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, tuple[int, ...] | None]] = field(default_factory=dict)
    virtual: tuple[bool | None, ...] = ()


def read_definition(told: Mapping[str, Any]) -> Definition | None:
    """Return what an agent found under a name; `None` where it found nothing.

    Raises:
        ValueError: no agent of ours writes this.
    """
    if told.get("found") is False:
        return None
    members, slots, code = told.get("members"), told.get("slots"), told.get("code")
    return Definition(
        kind=_text(told.get("kind")),
        parameters=_texts(told.get("parameters")),
        made_by=_texts(told.get("made_by")),
        bases=_texts(told.get("bases")),
        members=None if members is None else tuple(map(_pair, _row(members))),
        fields=_texts(told.get("fields")),
        slots=None if slots is None else _texts(slots),
        has_dict=_flag(told.get("has_dict", False)),
        makers=_table(told.get("makers"), _texts),
        sets=_texts(told.get("sets")),
        attributes=_texts(told.get("attributes")),
        code=None if code is None else _number(code),
    )


def read_part(told: Mapping[str, Any]) -> PartFacts:
    """Return what an agent says of an expression.

    Raises:
        ValueError: no agent of ours writes this.
    """
    held = _texts(told.get("held"))
    if "raised" in told:
        return PartFacts(None, _text(told["raised"]), held)
    return PartFacts(_text(told.get("text")), held=held)


def read_answers(told: Mapping[str, Any]) -> SurveyAnswers:
    """Return what an agent says of what lies around an object.

    Raises:
        ValueError: no agent of ours writes this.
    """
    return SurveyAnswers(
        entries=_table(told.get("entries"), _entry),
        origins=_table(told.get("origins"), _text),
        files=_table(told.get("files"), _file),
        virtual=tuple(None if each is None else _flag(each) for each in _row(told.get("virtual"))),
    )


def _entry(value: object) -> SurveyEntry:
    told = _mapping(value)
    members, enum = _table(told.get("members"), _member), _table(told.get("enum"), _text)
    return replace(_member(told), members=members, enum=enum)


def _member(value: object) -> SurveyEntry:
    """Read an entry that has no members of its own."""
    told = _mapping(value)
    kind, source = _text(told.get("kind")), told.get("source")
    code = _row(told.get("code", ("", 0)), 2)
    return SurveyEntry(
        kind=kind,
        name=_text(told.get("name", "")),
        module=_text(told.get("module", "")),
        place=_text(told.get("place", "")),
        file=_mark(told.get("file")),
        source=None if source is None else _text(source),
        code=(_text(code[0]), _number(code[1])),
        wrappers=_texts(told.get("wrappers")),
        registry=_texts(told.get("registry")),
        text=_text(told.get("text", "")),
        is_flat=_flag(told.get("flat", True)),
        type=("", _text(told.get("type"))) if kind == "object" else _pair(told.get("type", _NAME)),
        fields=_table(told.get("fields"), _text),
    )


_NAME: Final = ("", "")


def _file(value: object) -> tuple[str, tuple[int, ...] | None]:
    path, mark = _row(value, 2)
    return _text(path), _mark(mark)


def _mark(value: object) -> tuple[int, ...] | None:
    return None if value is None else tuple(map(_number, _row(value)))


def _pair(value: object) -> tuple[str, str]:
    first, second = _row(value, 2)
    return _text(first), _text(second)


def _texts(value: object) -> tuple[str, ...]:
    return () if value is None else tuple(map(_text, _row(value)))


def _table(value: object, read: Callable[[object], Thing]) -> dict[str, Thing]:
    return (
        {} if value is None else {_text(key): read(each) for key, each in _mapping(value).items()}
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return _typed(value, dict)


def _row(value: object, length: int | None = None) -> Sequence[object]:
    if not isinstance(value, (list, tuple)) or length not in {None, len(value)}:
        raise ValueError(f"{value!r:.80} is no list{f' of {length}' if length else ''}")
    return value


def _text(value: object) -> str:
    return _typed(value, str)


def _number(value: object) -> int:
    return _typed(value, int)


def _flag(value: object) -> bool:
    return _typed(value, bool)


def _typed(value: object, kind: type[Thing]) -> Thing:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r:.80} is no {kind.__name__}")  # noqa: TRY004 - data, not an argument
    return value
