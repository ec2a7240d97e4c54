"""Take values apart: plain data as text, and anything else part by part."""

from __future__ import annotations

import types
from contextlib import suppress

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.asking import (
        held_in,
        is_kind,
        module_of,
        qualname_of,
        read_mro,
        read_space,
        slot_of,
    )
    from pytest_portable.agent.in_target.limits import (
        MAX_CANONICAL,
        MAX_DUMPED_PARTS,
        MAX_SEARCHED_PARTS,
        MAX_TEXT,
    )

PLAIN_TYPES = frozenset({bool, int, float, complex, str, bytes, type(None), type(...)})
CONTAINER_TYPES = frozenset({list, tuple, set, frozenset, dict})


def canonical(value: object, depth: int = 6) -> str:
    """Return plain data as text that is the same in every process; of anything else, its class."""
    kind = type(value)
    if kind in PLAIN_TYPES:
        try:
            text = repr(value)
        except ValueError:  # more digits than Python converts
            text = "<int>"
    elif kind in CONTAINER_TYPES and depth and len(value) <= MAX_CANONICAL:  # type: ignore[arg-type]
        if kind is dict:
            pairs: Any = dict.items(value)  # type: ignore[arg-type]
            inner = sorted(
                canonical(a, depth - 1) + ": " + canonical(b, depth - 1) for a, b in pairs
            )
        else:
            inner = [canonical(part, depth - 1) for part in value]  # type: ignore[attr-defined]
        if kind in {set, frozenset}:
            inner.sort()
        text = "%s(%s)" % (kind.__name__, ", ".join(inner))
    else:
        text = "<%s.%s>" % (module_of(kind), qualname_of(kind))
    return (
        text
        if len(text) <= MAX_TEXT
        else text[:MAX_TEXT] + " [cut at %d of %d]" % (MAX_TEXT, len(text))
    )


def parts_of(value: object) -> list[tuple[str, object]]:
    """Return the parts of a value that its dump needs, with their path suffixes.

    It goes by the real class: a proxy may claim another, or raise when it is asked.
    """
    found: list[tuple[str, object]] = []
    known: Any = value
    if is_kind(value, dict):
        found = [("[%s]" % text_of_key(key), part) for key, part in dict.items(known)]
    elif is_kind(value, list, tuple):
        base: Any = list if is_kind(value, list) else tuple
        found = [("[%d]" % index, part) for index, part in enumerate(base.__iter__(value))]
    elif is_kind(value, BaseException):
        args = slot_of(known, "args", ())
        found = [(".args[%d]" % index, part) for index, part in enumerate(args)]
    if not is_kind(value, types.ModuleType):
        held = list(held_in(value).items())
        found += [("." + name, part) for name, part in held if type(name) is str]
    return found[:MAX_DUMPED_PARTS]


def place_of_raiser(error: BaseException, roots: dict[str, Any]) -> str:
    """Return the path of the part whose method raised, innermost first; empty where it is none."""
    owners = []
    trace = slot_of(error, "__traceback__")
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_argcount:
            owners.append(trace.tb_frame.f_locals.get(code.co_varnames[0]))
        trace = trace.tb_next
    wanted = [id(one) for one in reversed(owners) if type(one) not in PLAIN_TYPES]
    known = paths_of(roots) if wanted else {}
    return next((known[one] for one in wanted if one in known), "")


def paths_of(roots: dict[str, Any]) -> dict[int, str]:
    """Return the shortest path of each part of some values that is no plain data."""
    found: dict[int, str] = {}
    waiting = list(roots.items())
    for path, value in waiting:
        if type(value) in PLAIN_TYPES or id(value) in found:
            continue
        found[id(value)] = path
        if len(waiting) < MAX_SEARCHED_PARTS:
            waiting += [
                (path + suffix, part)
                for suffix, part in [*parts_of(value), *held_slots(value)]
                if not suffix.startswith("[<")  # a key that no path can write
            ]
    return found


def held_slots(value: object) -> list[tuple[str, object]]:
    """Return what the slots of a value hold, with their path suffixes."""
    found: list[tuple[str, object]] = []
    for kind in read_mro(type(value)):
        space = read_space(kind)
        for name, slot in list(space.items()):
            if type(slot) is types.MemberDescriptorType and "__slots__" in space:
                with suppress(BaseException):  # it is not set
                    found.append(("." + name, slot.__get__(value, type(value))))
    return found


def text_of_key(key: object) -> str:
    """Return a key as a path writes it."""
    return repr(key) if type(key) in PLAIN_TYPES else "<%s>" % qualname_of(type(key))
