"""Describe values and exceptions as plain data, whatever their classes do when they are asked."""

from __future__ import annotations

import os
import sys
import types

if __name__ != "__main__":
    from typing import Any

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
    kind = type(value)
    return [str(kind.__module__), str(kind.__qualname__)]


def named(value: Any) -> tuple[str, str]:
    """Return module and qualified name of a class, a function or an object's class."""
    name = getattr(value, "__qualname__", None)
    if not isinstance(name, str):
        value = type(value)
        name = value.__qualname__
    return str(getattr(value, "__module__", "")), name


def describe(value: object) -> dict[str, object]:
    """Return class, home and file of a value, without running code of its class."""
    kind = type(value)
    # Not isinstance, which asks a proxy for the class of what it stands for.
    is_definition = issubclass(kind, (type, types.FunctionType))
    named: Any = value if is_definition else kind
    module, name = str(named.__module__), str(named.__qualname__)
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    home = getattr(sys.modules.get(module), "__file__", None)
    return {
        "type": type_name(value),
        "named": [module, name],
        "importable": found is named,
        "file": home if isinstance(home, str) else None,
        "python": sys.version.split()[0],
    }


def describe_exception(error: BaseException | None, depth: int = 0) -> dict[str, Any] | None:
    """Return what is known of an exception as plain data, its causes included."""
    if error is None or depth > 8:
        return None
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_own(code):
            module = trace.tb_frame.f_globals.get("__name__")
            name = getattr(code, "co_qualname", code.co_name)
            frames.append([code.co_filename, trace.tb_lineno, name, str(module)])
        trace = trace.tb_next
    name = getattr(error, "name", None)
    return {
        "type": type(error).__qualname__,
        "module": str(type(error).__module__),
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": text_of(error),
        "name": name if isinstance(name, str) else None,
        "about": about(error),
        "file": file_of(error),
        "frames": frames[-60:],
        "traceback": format_traceback(error),
        "cause": describe_exception(
            error.__cause__ or (None if error.__suppress_context__ else error.__context__),
            depth + 1,
        ),
    }


def is_own(code: types.CodeType) -> bool:
    """Return whether code is the agent's, or a serializer's that came with the greeting."""
    name = code.co_filename
    return name == SERIALIZER_FILE or os.path.dirname(name) == OWN_FOLDER


def place_of(error: BaseException) -> str:
    """Return file, line and function of the innermost frame of ours in a traceback."""
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_own(code):
            place = "%s, line %d, in %s" % (code.co_filename, trace.tb_lineno, code.co_name)
        trace = trace.tb_next
    return place


def about(error: BaseException) -> list[str] | None:
    """Return what an attribute was looked up on: its class, or the module itself."""
    try:
        found = error.obj  # type: ignore[attr-defined]
    except BaseException:
        return None
    if isinstance(found, types.ModuleType):
        return ["module", str(found.__name__), ""]
    named = found if isinstance(found, type) else type(found)
    kind = "class" if isinstance(found, type) else "instance"
    return [kind, str(named.__module__), str(named.__qualname__)]


def file_of(error: BaseException) -> str | None:
    """Return the file that an `OSError` is about."""
    name = getattr(error, "filename", None) if isinstance(error, OSError) else None
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None


def format_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, the agent's own frames left out."""
    import traceback

    try:
        trace = error.__traceback__
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
        group = getattr(member, "exceptions", ())
        inner = (
            [part for part in group if isinstance(part, BaseException)]
            if (isinstance(group, tuple))
            else []
        )
        for other in [member.__cause__, member.__context__, *inner]:
            if other is not None and not any(other is known for known in family):
                family.append(other)
        if len(family) >= MAX_RELATIVES:
            break
    return family


def links(member: BaseException, family: list[BaseException]) -> list[Any]:
    """Return positions of cause and context, and whether the context is hidden."""
    places = [
        next((place for place, known in enumerate(family) if known is other), None)
        for other in (member.__cause__, member.__context__)
    ]
    return [*places, bool(member.__suppress_context__)]


def exception_facts(error: BaseException) -> dict[str, str]:
    """Return arguments and attributes as text, which is the same for equal ones everywhere."""
    facts = {"args": canonical(tuple(error.args))}
    held = getattr(error, "__dict__", None)
    for name, part in list(held.items()) if isinstance(held, dict) else []:
        if isinstance(name, str) and name != "__notes__":
            facts["." + name] = canonical(part)
    return facts
