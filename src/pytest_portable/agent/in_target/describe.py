"""Describe values and exceptions as plain data, whatever their classes do when they are asked."""

from __future__ import annotations

import os
import sys
import types

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.asking import (
        asked,
        held_in,
        is_kind,
        module_of,
        named_in,
        qualname_of,
        read_mro,
        read_name,
        slot_of,
    )
    from pytest_portable.agent.in_target.limits import MAX_EVIDENCE_BYTES, MAX_RELATIVES
    from pytest_portable.agent.in_target.parts import canonical

# What tracebacks call the functions of a serializer, which come with the greeting.
SERIALIZER_FILE = "<serializer>"
# Where tracebacks find our files: all of them have the folder of the first.
OWN_FOLDER = os.path.dirname(__file__)


def text_of(value: object) -> str:
    """Return `str(value)`, whatever its class does."""
    try:
        text = str(value)
    except BaseException as error:
        text = "<str() raised %s>" % type(error).__name__
    return text if len(text) <= MAX_EVIDENCE_BYTES else text[:MAX_EVIDENCE_BYTES] + " [cut]"


def type_name(value: object) -> list[str]:
    """Return module and qualified name of a value's class."""
    return [module_of(type(value)), qualname_of(type(value))]


def named(value: Any) -> tuple[str, str]:
    """Return module and qualified name of a class, a function or an object's class."""
    if not is_kind(value, type):
        name, module = asked(value, "__qualname__"), asked(value, "__module__")
        if type(name) is str:
            return module if type(module) is str else "", name
        value = type(value)
    return module_of(value), qualname_of(value)


def describe(value: object) -> dict[str, object]:
    """Return class, home and file of a value, without running code of its class."""
    named: Any = value if is_kind(value, type) else type(value)
    module, name = module_of(named), qualname_of(named)
    if type(value) is types.FunctionType:
        named, module, name = value, text_of(value.__module__), value.__qualname__
    home = held_in(sys.modules.get(module)).get("__file__")
    return {
        "type": type_name(value),
        "named": [module, name],
        "importable": named_in(module, name) is named,
        "file": home if type(home) is str else None,
        "python": sys.version.split()[0],
    }


def describe_exception(error: BaseException | None, depth: int = 0) -> dict[str, Any] | None:
    """Return what is known of an exception as plain data, its causes included."""
    if error is None or depth > 8:
        return None
    frames = []
    trace = slot_of(error, "__traceback__")
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_own(code):
            module = trace.tb_frame.f_globals.get("__name__")
            name = getattr(code, "co_qualname", code.co_name)
            frames.append([code.co_filename, trace.tb_lineno, name, text_of(module)])
        trace = trace.tb_next
    name = asked(error, "name")
    cause, context = (slot_of(error, each) for each in ("__cause__", "__context__"))
    is_hidden = slot_of(error, "__suppress_context__", False)
    return {
        "type": qualname_of(type(error)),
        "module": module_of(type(error)),
        "bases": [str(read_name(base)) for base in read_mro(type(error))],
        "message": text_of(error),
        "name": name if type(name) is str else None,
        "about": about(error),
        "file": file_of(error),
        "frames": frames[-60:],
        "traceback": format_traceback(error),
        "cause": describe_exception(
            context if cause is None and not is_hidden else cause, depth + 1
        ),
    }


def is_own(code: types.CodeType) -> bool:
    """Return whether code is the agent's, or a serializer's that came with the greeting."""
    name = code.co_filename
    return name == SERIALIZER_FILE or os.path.dirname(name) == OWN_FOLDER


def place_of(error: BaseException) -> str:
    """Return file, line and function of the innermost frame of ours in a traceback."""
    place, trace = "", slot_of(error, "__traceback__")
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_own(code):
            place = "%s, line %d, in %s" % (code.co_filename, trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return place


def about(error: BaseException) -> list[str] | None:
    """Return what an attribute was looked up on: its class, or the module itself."""
    found = asked(error, "obj", error)
    if found is error:
        return None
    if is_kind(found, types.ModuleType):
        return ["module", text_of(held_in(found).get("__name__", "?")), ""]
    named = found if is_kind(found, type) else type(found)
    kind = "class" if named is found else "instance"
    return [kind, module_of(named), qualname_of(named)]


def file_of(error: BaseException) -> str | None:
    """Return the file that an `OSError` is about."""
    name: Any = asked(error, "filename") if is_kind(error, OSError) else None
    return os.fsdecode(name) if type(name) in (str, bytes) else None


def format_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, the agent's own frames left out."""
    import traceback

    try:
        trace = slot_of(error, "__traceback__")
        while trace is not None and is_own(trace.tb_frame.f_code):
            trace = trace.tb_next
        lines = traceback.format_exception(type(error), error, trace)
    except BaseException:
        return text_of(error)
    return "".join(lines)[-MAX_EVIDENCE_BYTES:]


def relatives(error: BaseException) -> list[BaseException]:
    """Return an exception and all that it was raised from or consists of, itself first."""
    family = [error]
    for member in family:
        group = asked(member, "exceptions")
        others = [slot_of(member, "__cause__"), slot_of(member, "__context__")]
        for other in [*others, *(group if type(group) is tuple else ())]:
            if is_kind(other, BaseException) and not any(other is known for known in family):
                family.append(other)
        if len(family) >= MAX_RELATIVES:
            break
    return family


def links(member: BaseException, family: list[BaseException]) -> list[Any]:
    """Return positions of cause and context, and whether the context is hidden."""
    others = [slot_of(member, "__cause__"), slot_of(member, "__context__")]
    places = [
        next((place for place, known in enumerate(family) if known is other), None)
        for other in others
    ]
    return [*places, bool(slot_of(member, "__suppress_context__", False))]


def exception_facts(error: BaseException) -> dict[str, str]:
    """Return arguments and attributes as text, which is the same for equal ones everywhere."""
    facts = {"args": canonical(slot_of(error, "args", ()))}
    for name, part in list(held_in(error).items()):
        if type(name) is str and name != "__notes__":
            facts["." + name] = canonical(part)
    return facts
