"""What to ask the target about the surroundings of an object, and the answers of this side."""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any, Final

from pytest_portable.agent.descriptions import SurveyAnswers
from pytest_portable.agent.in_target.asking import asked, held_in, is_kind, module_of, read_space
from pytest_portable.agent.in_target.survey import accessor, look_up, survey
from pytest_portable.agent.typed_json import read_as
from pytest_portable.judgement.surroundings.candidates import find_globals
from pytest_portable.judgement.surroundings.origins import is_user_code, is_user_file

__all__ = ["Patch", "SurveyQuestions", "ask"]

_ABSTRACT_HOMES: Final = ("collections.abc", "numbers")


@dataclass(frozen=True)
class Patch:
    """A function of an installed library that was replaced here.

    Attributes:
        module: of the global in the payload.
        name: of that global.
        member: of the class, when it is one.
        place: where the replacement is written.
    """

    module: str
    name: str
    member: str | None
    place: str


@dataclass(frozen=True)
class SurveyQuestions:
    """What is asked about, and what this side answers.

    Attributes:
        globals: module and name of each global of the user's own code.
        follow: top-level names of the packages whose code is looked into.
        virtual: pairs of a class and an abstract class that it was registered with here.
        here: the answers of this side.
        patches: functions of libraries that were replaced here.
        named: module and name of all that the payloads may refer to.
    """

    globals: tuple[tuple[str, str], ...] = ()
    follow: tuple[str, ...] = ()
    virtual: tuple[tuple[str, str, str, str], ...] = ()
    here: SurveyAnswers = field(default_factory=SurveyAnswers)
    patches: tuple[Patch, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    def to_request(self) -> dict[str, Any] | None:
        """Return the agent's form, or `None` where there is nothing to ask."""
        if not self.globals:
            return None
        return {"globals": self.globals, "follow": self.follow, "virtual": self.virtual}


def ask(pickles: Iterable[bytes]) -> SurveyQuestions:
    """Look for the user's own code in pickles and describe it as it is now.

    Nothing is asked about Python's own code and that of installed libraries: for those, their
    versions speak. Only what was replaced in them is found.

    Args:
        pickles: what travels, as pickle streams.
    """
    found = dict.fromkeys(pair for data in pickles for pair in find_globals(data))
    own = tuple(pair for pair in found if is_user_code(pair[0]))
    patches = tuple(patch for pair in found if pair not in own for patch in _patches(*pair))
    if not own:
        return SurveyQuestions(patches=patches, named=tuple(found))
    follow = tuple(dict.fromkeys(module.partition(".")[0] for module, _ in own))
    virtual = tuple(_registrations(own))
    request = {"globals": own, "follow": follow, "virtual": virtual}
    answers = read_as(SurveyAnswers, survey(request))
    return SurveyQuestions(own, follow, virtual, answers, patches, tuple(found))


def _registrations(own: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the classes of the user's that were registered with abstract classes."""
    abstracts: list[tuple[str, str, type]] = []
    homes = [*_ABSTRACT_HOMES, *dict.fromkeys(module for module, _ in own)]
    for home in homes:
        for name, value in list(held_in(sys.modules.get(home)).items()):
            if issubclass(type(value), ABCMeta):  # hundreds of names, each without a call of ours
                abstracts.append((home, name, value))
    for module, name in own:
        kind = look_up(module, name)
        if is_kind(kind, type):
            for home, abstract_name, abstract in abstracts:
                if any(kind is known for known in _registered(abstract)):
                    yield module, name, home, abstract_name


def _registered(abstract: type) -> list[type]:
    """List what `register` was called with, as `ABCMeta._dump_registry` prints it."""
    from _abc import _get_dump  # type: ignore[import-not-found]  # noqa: PLC0415 - see above

    return [kind for reference in _get_dump(abstract)[0] if (kind := reference()) is not None]


def _patches(module: str, name: str) -> Iterator[Patch]:
    """Yield what of a library's global is written in the user's files."""
    if module == "__main__":
        return  # a script's own: nobody replaced there what the script defines
    value = look_up(module, name)
    members = read_space(value).items() if is_kind(value, type) else [(None, value)]
    for member, part in list(members):
        function = accessor(part)
        compiled = asked(function, "__code__")
        # Cython names its sources relative to where they were compiled: not a file of the user's.
        is_placed = type(compiled) is CodeType and Path(compiled.co_filename).is_absolute()
        if is_placed and is_user_file(compiled.co_filename):
            yield Patch(module, name, member, f"{compiled.co_filename}:{compiled.co_firstlineno}")
        elif module_of(type(part)) == "unittest.mock":
            yield Patch(module, name, member, "unittest.mock")
