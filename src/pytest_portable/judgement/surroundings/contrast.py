"""Two surveys side by side: what is another on the other side."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_portable.agent.descriptions import SurveyAnswers, SurveyEntry
from pytest_portable.judgement.surroundings.origins import is_user_code

__all__ = ["Contrast", "contrast"]

_ABSENT: Final = SurveyEntry("missing")


@dataclass(frozen=True)
class Contrast:
    """One thing that differs between two sides.

    Attributes:
        key: `module:name` of the global.
        member: of a class, field of an object, name of an enum member; empty for the global.
        what: "code", "state", "registry", "virtual", "enum", or "import": a module here, which
            is nothing there.
        here: how it is here, short.
        there: how it is there.
        is_flat: for state, whether both values are simple ones.
        same_file: for code, whether both sides have the same file.
    """

    key: str
    member: str
    what: str
    here: str
    there: str
    is_flat: bool = True
    same_file: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        """What it is about, to find the same in another contrast."""
        return self.key, self.member, self.what


def contrast(
    here: SurveyAnswers,
    there: SurveyAnswers,
    follow: Collection[str],
    registered: Sequence[tuple[str, str, str, str]] = (),
) -> list[Contrast]:
    """List what differs between what two sides say, of which the first is this process.

    What only one of them could look at is no difference: it may be defined for some Pythons only,
    and so may what a library replaces where it is installed.

    Args:
        here: what this side says.
        there: what the other says.
        follow: top-level names of the packages that were looked into.
        registered: the questions that `virtual` answers: a class, an abstract class.
    """
    found: list[Contrast] = []
    for key, entry in here.entries.items():
        other = there.entries.get(key, _ABSENT)
        if entry.kind == other.kind == "class":
            for name, member in entry.members.items():
                found += _values(key, name, member, other.members.get(name, _ABSENT), follow)
            found += _enum(key, entry.enum, other.enum)
        elif entry.kind == other.kind == "object" and entry.type == other.type:
            for name in entry.fields.keys() | other.fields.keys():
                one, two = (side.fields.get(name, "nothing") for side in (entry, other))
                if _differ(one, two):
                    found.append(Contrast(key, name, "state", one, two, is_flat=False))
        else:
            found += _values(key, "", entry, other, follow)
    for question, mine, theirs in zip(registered, here.virtual, there.virtual, strict=False):
        if mine and theirs is False:
            key, abstract = ":".join(question[:2]), ".".join(question[2:])
            found.append(Contrast(key, abstract, "virtual", "registered", "not registered"))
    return found


def _values(
    key: str, member: str, here: SurveyEntry, there: SurveyEntry, follow: Collection[str]
) -> Iterator[Contrast]:
    """Compare two values of one name."""
    if _is_intruder(here, follow):
        if there.kind != here.kind or _home(there) != _home(here):
            yield Contrast(key, member, "code", _place(here), _place(there))
    elif here.kind == "plain" and there.kind in {"plain", "missing"}:
        text = there.text if there.kind == "plain" else "nothing"
        if _differ(here.text, text):
            flat = here.is_flat and there.is_flat
            yield Contrast(key, member, "state", here.text, text, is_flat=flat)
    elif here.kind == "module" and there.kind == "plain":
        yield Contrast(key, member, "import", here.name, there.text)
    elif here.kind == there.kind == "function":
        inside = {_home(side).partition(".")[0] for side in (here, there)} <= set(follow)
        if inside and not _is_same_code(here, there):
            same_file = here.file is not None and here.file == there.file
            places = _place(here), _place(there)
            yield Contrast(key, member, "code", *places, same_file=same_file)
        if lacking := sorted(set(here.registry) - set(there.registry)):
            yield Contrast(key, member, "registry", ", ".join(lacking), "not registered")


def _is_intruder(entry: SurveyEntry, follow: Collection[str]) -> bool:
    """Return whether a value was put there from a file of the user's outside of its packages."""
    if entry.kind == "mock":
        return True
    homes = [_home(entry), *entry.wrappers]
    return any(
        home.partition(".")[0] not in follow and (home == "__main__" or is_user_code(home))
        for home in homes
    )


def _home(entry: SurveyEntry) -> str:
    """Return the module that a value comes from, as far as it says."""
    return entry.type[0] if entry.kind == "other" else entry.module


def _place(entry: SurveyEntry) -> str:
    return entry.place or entry.module or entry.kind


def _differ(here: str, there: str) -> bool:
    """Return whether two texts of plain data differ where both could be written down."""
    return here != there and "<" not in {here[:1], there[:1]}


def _is_same_code(here: SurveyEntry, there: SurveyEntry) -> bool:
    if here.file is not None and here.file == there.file:
        return _line(here) == _line(there)
    if here.source and there.source:
        return _plain_source(here.source) == _plain_source(there.source)
    if here.place.startswith("<") and there.place.startswith("<"):
        return True  # generated, as by dataclasses: by whichever version of the generator
    return here.code[0] != there.code[0] or here.code[1] == there.code[1]


def _line(entry: SurveyEntry) -> str:
    return entry.place.rpartition(":")[2]


def _plain_source(text: str) -> str:
    """Return what the compiler sees of a definition; comments and line breaks are no difference."""
    text = textwrap.dedent(text)
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:  # a part of an expression, or another Python's syntax
        return text


def _enum(key: str, here: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Contrast]:
    """Compare two enums: a value that means another member there is the worst that can happen."""
    names = {value: name for name, value in reversed(list(there.items()))}
    for name, value in here.items():
        if name in there and _differ(value, there[name]):
            yield Contrast(key, name, "enum", value, there[name])
        elif name not in there and value in names:
            yield Contrast(key, name, "enum", f"{name} = {value}", f"{names[value]} = {value}")
