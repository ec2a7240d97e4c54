"""Objects of the standard library that need their own comparison."""

from __future__ import annotations

import io
import threading
import weakref
from datetime import datetime, time, timezone
from decimal import Decimal
from types import GeneratorType
from typing import TYPE_CHECKING, Final, cast

from pytest_portable.equivalence.definitions import by_attributes
from pytest_portable.equivalence.guard import (
    FAILED,
    attempt,
    instance_attributes,
    is_a,
    qualname_of,
)
from pytest_portable.equivalence.instances import by_value
from pytest_portable.equivalence.mappings import attributes, mapping
from pytest_portable.equivalence.paths import Path, attribute, suffix
from pytest_portable.equivalence.text import kind_name
from pytest_portable.interrupts import pass_on

if TYPE_CHECKING:
    import enum
    from types import MethodType

    from pytest_portable.equivalence.walk import Handler, Walk

__all__ = ["STANDARD", "enum_member", "exception", "moment", "stream"]

_DIES: Final = (
    "the weak proxy arrives dead, because nothing else that travels holds what it stands for: "
    "reading it there raises ReferenceError"
)


def enum_member(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare enum members that are two objects, though a class has each member once."""
    lefts, rights = cast("enum.Enum", left), cast("enum.Enum", right)
    if lefts._name_ != rights._name_:
        walk.differ(path, left, right, "values differ")
    elif type(left) is type(right):
        walk.differ(path, left, right, "identity lost: not the member of its enum")
    else:
        walk.push(lefts._value_, rights._value_, attribute(path, "value"))


def exception(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare the content and the cause of an exception, not its traceback."""
    held = instance_attributes(left), instance_attributes(right)
    names = ["args", "__cause__"]
    if is_a(left, OSError):
        names += ["filename", "filename2"]
    elif is_a(left, ImportError):
        names += ["name", "path"]
    by_attributes(walk, (left, right), path, names)
    attributes(walk, *held, path)


def stream(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare open files by name and mode, files in memory by content and position.

    Files are not sent: dill opens the same name there, or an empty file where it is missing.
    """
    sides = left, right
    if is_a(left, io.StringIO) or is_a(left, io.BytesIO):
        for asked in ("tell", "getvalue"):
            values = [attempt(lambda side=side: getattr(side, asked)()) for side in sides]  # noqa: B023
            walk.push(values[0], values[1], suffix(path, f".{asked}()"))
        return
    names = [attempt(getattr, side, "name") for side in sides]
    if isinstance(names[0], str) and names[0] != names[1]:
        reason = f"the file {names[0]!r} was not there, so this is another one"
        walk.differ(attribute(path, "name"), names[0], names[1], reason)
        return
    by_attributes(walk, sides, path, ["name", "mode", "closed"])


def moment(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare times part by part: for `==`, one instant in two time zones is equal."""
    lefts, rights = cast("datetime", left), cast("datetime", right)
    if lefts.replace(tzinfo=None) != rights.replace(tzinfo=None):
        walk.differ(path, left, right, "values differ")
        return
    if lefts.fold != rights.fold and _is_ambiguous(lefts):
        walk.differ(attribute(path, "fold"), lefts.fold, rights.fold, "values differ")
    zones = lefts.tzinfo, rights.tzinfo
    walk.push(*zones, attribute(path, "tzinfo"))
    is_known = type(left) in STANDARD
    if not is_known and walk.may_try and walk.dry_run(lambda: walk.push(*zones, path)):
        by_value(walk, left, right, path)  # a subclass may hold more, like a timestamp of pandas


def _is_ambiguous(value: datetime) -> bool:
    """Return whether the fold of a time says which of two instants it is; also if unknown."""
    if value.tzinfo is None or not is_a(value, datetime):
        return True
    sides = [value.replace(fold=fold) for fold in (0, 1)]
    facts = [
        [attempt(getattr(side, asked)) for asked in ("utcoffset", "dst", "tzname")]
        for side in sides
    ]
    return facts[0] != facts[1]


def _zone(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare fixed offsets and their names, which `==` ignores."""
    kept = [cast("timezone", side).__getinitargs__() for side in (left, right)]  # type: ignore[attr-defined]
    if kept[0] != kept[1]:
        walk.differ(path, left, right, "values differ")


def _decimal(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare every digit: `==` ignores the exponent, and NaN differs from itself."""
    if cast("Decimal", left).as_tuple() != cast("Decimal", right).as_tuple():
        walk.differ(path, left, right, "values differ")


def _reference(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare what weak references point to; a dead one points to nothing."""
    referents = [attempt(side) for side in (left, right)]  # type: ignore[arg-type]
    walk.push(referents[0], referents[1], suffix(path, "()"))


def _proxy(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare what weak proxies stand for; a proxy itself answers no question.

    A payload seldom keeps alive what a proxy stands for, so a dead one is no difference by itself:
    it fails as soon as somebody reads it. One that does not give its referent is no equal.
    """
    referents = [_referent(side) for side in (left, right)]
    dead = [found is None for found in referents]
    if all(dead):
        return
    if any(dead):
        alive = f"a proxy of {kind_name(type(referents[dead[0]]))}"
        texts = ("dead", alive) if dead[0] else (alive, "dead")
        why = "the weak proxy arrives alive" if dead[0] else _DIES
        walk.drop(path, *texts, why)
    elif FAILED in referents:
        shown = f"<{qualname_of(type(left))}>"
        walk.report(path, shown, shown, "a proxy that hides what it stands for")
    else:
        walk.push(referents[0], referents[1], path)


def _referent(proxy: object) -> object:
    """Return what a weak proxy stands for, `None` where it is dead, `FAILED` if it does not tell.

    Python has no function for that, but attributes come from the referent, methods too.
    """
    try:
        return cast("MethodType", proxy.__reduce_ex__).__self__
    except ReferenceError:
        return None
    except BaseException as error:  # noqa: BLE001 - the code of the referent's class may raise anything
        pass_on(error)
        return FAILED


def _weak_mapping(walk: Walk, left: object, right: object, path: Path) -> None:
    made = [dict(cast("dict[object, object]", side).items()) for side in (left, right)]
    walk.keep(*made)
    mapping(walk, made[0], made[1], path)


def _weak_set(walk: Walk, left: object, right: object, path: Path) -> None:
    made = [set(cast("set[object]", side)) for side in (left, right)]
    walk.keep(*made)
    walk.push(made[0], made[1], path)


def _lock(walk: Walk, left: object, right: object, path: Path) -> None:
    """Compare whether two locks are locked: one that nobody holds has to be free."""
    lefts, rights = [attempt(repr, side) for side in (left, right)]
    if not str(lefts).startswith("<unlocked"):
        return  # somebody uses it at present
    acquire = cast("threading.Lock", right).acquire
    if attempt(acquire, False) is True:
        cast("threading.Lock", right).release()
        return
    why = "arrives locked, and nobody is there to release it"
    if str(rights).startswith("<unlocked"):  # dill restores the state of an owner 0
        why += ": what dill makes of an RLock can never be acquired"
    walk.report(path, "unlocked", "locked", why)


def _generator(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["gi_code"])


def _slice(walk: Walk, left: object, right: object, path: Path) -> None:
    by_attributes(walk, (left, right), path, ["start", "stop", "step"])


STANDARD: Final[dict[type, Handler]] = {
    datetime: moment,
    time: moment,
    timezone: _zone,
    Decimal: _decimal,
    slice: _slice,
    weakref.ref: _reference,
    weakref.ProxyType: _proxy,
    weakref.CallableProxyType: _proxy,
    weakref.WeakValueDictionary: _weak_mapping,
    weakref.WeakKeyDictionary: _weak_mapping,
    weakref.WeakSet: _weak_set,
    GeneratorType: _generator,
    type(threading.Lock()): _lock,
    type(threading.RLock()): _lock,
}
