"""One name with different definitions on the two sides, and how they differ."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pytest_portable.agent.descriptions import Definition
from pytest_portable.agent.in_target.asking import is_kind, read_mro, space_of
from pytest_portable.agent.in_target.facts import facts_of
from pytest_portable.agent.typed_json import read_as
from pytest_portable.interrupts import pass_on

__all__ = ["differences", "facts_here", "live"]

_MAX_NAMES: Final = 5


def live(module: str, qualname: str) -> object | None:
    """Return the host's definition, if its module was imported; nothing is imported now."""
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        # Not getattr, which would run a module's or a class's own `__getattr__`.
        found = _entry(found, part)
        if found is None:
            return None
    return found


def _entry(owner: object, name: str) -> object | None:
    for each in read_mro(owner) if is_kind(owner, type) else (owner,):
        found = space_of(each).get(name)
        if found is not None:
            return found  # type: ignore[no-any-return]
    return None


def facts_here(module: str, qualname: str) -> Definition | None:
    """Return what the target would say of the host's definition; `None` where there is none."""
    found = live(module, qualname)
    if found is None:
        return None
    try:
        return read_as(Definition, facts_of(found))
    except BaseException as error:  # noqa: BLE001 - a metaclass may raise anything
        pass_on(error)
        return None


def differences(
    here: Definition | None, there: Definition | None, *, same_python: bool
) -> list[str]:
    """Return how two definitions of one name differ, what matters most first.

    Args:
        here: the host's definition.
        there: the target's; no difference is known where either is `None`.
        same_python: whether both sides run the same release; else bytecode is not compared.
    """
    if here is None or there is None:
        return []
    if here.kind != there.kind:
        return [f"it is a {here.kind} here and a {there.kind} there"]
    found = list(_class(here, there)) if here.kind == "class" else list(_function(here, there))
    if not found and same_python and here.code != there.code:
        found.append("its code differs")
    return found


def _function(here: Definition, there: Definition) -> Iterator[str]:
    if here.parameters != there.parameters:
        yield (
            f"it takes ({', '.join(here.parameters)}) here "
            f"and ({', '.join(there.parameters)}) there"
        )


def _class(here: Definition, there: Definition) -> Iterator[str]:
    yield from _members(here.members, there.members)
    yield from _names("field", here.fields, there.fields)
    yield from _layout(here, there)
    for maker in ("__new__", "__init__"):
        mine, theirs = here.makers.get(maker), there.makers.get(maker)
        if mine and theirs and mine != theirs:
            yield f"{maker}({', '.join(mine)}) here, {maker}({', '.join(theirs)}) there"
    if here.bases != there.bases:
        yield f"its bases are {', '.join(here.bases)} here, {', '.join(there.bases)} there"
    yield from _names("name in __init__", here.sets, there.sets)
    yield from _names("attribute", here.attributes, there.attributes)


def _members(
    here: Collection[tuple[str, str]] | None, there: Collection[tuple[str, str]] | None
) -> Iterator[str]:
    if here is None or there is None:
        return
    mine, theirs = dict(here), dict(there)
    gone = [f"{name} = {value}" for name, value in mine.items() if name not in theirs]
    if gone:
        yield f"no member {_some(gone)} there"
    changed = [name for name in mine if name in theirs and mine[name] != theirs[name]]
    if changed:
        name = changed[0]
        yield f"member {name} is {mine[name]} here and {theirs[name]} there"


def _layout(here: Definition, there: Definition) -> Iterator[str]:
    mine, theirs = here.slots, there.slots
    if here.has_dict and not there.has_dict:
        yield f"there it has __slots__ = ({', '.join(theirs or ())}) and no other attributes"
    elif mine != theirs and (mine or theirs):
        yield f"its slots are ({', '.join(mine or ())}) here, ({', '.join(theirs or ())}) there"


def _names(kind: str, here: Sequence[str], there: Sequence[str]) -> Iterator[str]:
    added = [name for name in there if name not in here]
    gone = [name for name in here if name not in there]
    if added:
        yield f"{kind} {_some(added)} is new there"
    if gone:
        yield f"no {kind} {_some(gone)} there"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MAX_NAMES])
    return shown if len(names) <= _MAX_NAMES else f"{shown} and {len(names) - _MAX_NAMES} more"
