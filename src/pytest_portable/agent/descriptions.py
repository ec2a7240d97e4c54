"""What a target says of definitions, of values and of what lies around an object: typed, checked.

The same is read of what this process says: both sides describe with the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Definition", "PartFacts", "SurveyAnswers", "SurveyEntry"]


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
