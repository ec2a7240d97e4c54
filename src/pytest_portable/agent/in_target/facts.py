"""Facts that explain a failure: which modules and names the target has, and what they are."""

from __future__ import annotations

import os
import sys
import time
import types

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.asking import (
        asked,
        held_in,
        is_kind,
        module_of,
        read_bases,
        read_mro,
        read_space,
    )
    from pytest_portable.agent.in_target.describe import named, text_of
    from pytest_portable.agent.in_target.parts import canonical


def process_facts() -> dict[str, str]:
    """Return the settings of the process that C functions depend on."""
    import _locale

    decimal: Any = sys.modules.get("decimal")
    return {
        "decimal": "" if decimal is None else repr(decimal.getcontext()),
        "zone": "%s (UTC%+g)" % ("/".join(time.tzname), -time.timezone / 3600),
        "locale": str(_locale.setlocale(_locale.LC_ALL)),
    }


def part_facts(source: str, values: dict[str, Any]) -> dict[str, Any]:
    """Describe the value of an expression: its text, and the names in its `__dict__`."""
    try:
        value = eval(compile(source, "<probe>", "eval", dont_inherit=True), dict(values))
    except BaseException as error:
        return {"text": None, "raised": "%s: %s" % (type(error).__name__, text_of(error))}
    names = [name for name in held_in(value) if type(name) is str]
    return {"text": canonical(value), "held": sorted(names)}


def find_name(module: Any, qualname: str) -> dict[str, Any] | None:
    """Follow a qualified name as pickle does; return the facts of what it names, if anything."""
    found = module
    try:
        for part in qualname.split(".") if qualname else ():
            found = getattr(found, part)
        return facts_of(found)
    except BaseException:
        return None


def facts_of(value: Any) -> dict[str, Any]:
    """Return facts by which two definitions of one name can be told apart."""
    if is_kind(value, types.FunctionType):
        return {"kind": "function", "parameters": parameters(value), **code_facts([value])}
    if not is_kind(value, type):
        return {"kind": named(type(value))[1]}
    own = read_space(value)
    functions = [
        asked(each, "__func__") if is_kind(each, staticmethod, classmethod) else each
        for each in own.values()
    ]
    members = asked(value, "__members__")
    fields = asked(value, "_fields")
    if type(fields) not in (tuple, list):
        fields = asked(value, "__dataclass_fields__", {})
        fields = list(fields) if type(fields) is dict else ()
    return {
        "kind": "class",
        "made_by": makers_of(value),
        "bases": [".".join(named(base)) for base in read_bases(value)],
        "members": [[str(name), repr(each.value)] for name, each in list(members.items())[:500]]
        if is_kind(members, types.MappingProxyType, dict)
        else None,
        "fields": [str(name) for name in fields] if is_kind(fields, tuple, list) else [],
        "slots": slots_of(value),
        "has_dict": bool(type.__dict__["__dictoffset__"].__get__(value)),
        "makers": {
            name: parameters(getattr(own[name], "__func__", own[name]))
            for name in ("__new__", "__init__")
            if is_kind(getattr(own.get(name), "__func__", own.get(name)), types.FunctionType)
        },
        "sets": sorted(attributes_set(own.get("__init__"))),
        "attributes": sorted(
            str(name) for name in own if not str(name).startswith("__") or name in HOOKS
        ),
        **code_facts([each for each in functions if is_kind(each, types.FunctionType)]),
    }


def makers_of(kind: type) -> list[str]:
    """Return the packages that wrote what a class inherits, or its methods: `attr`, `pydantic`."""
    marks = {"__attrs_attrs__": "attr", "__pydantic_fields__": "pydantic"}
    found = set()
    for each in read_mro(kind):
        found.add(module_of(each))
        found.add(module_of(type(each)))
        found.update(package for mark, package in marks.items() if mark in read_space(each))
    tops = {module.split(".", 1)[0] for module in found}
    return sorted(tops - {"builtins", module_of(kind).split(".", 1)[0]})


HOOKS = ("__getnewargs__", "__getstate__", "__reduce__", "__reduce_ex__", "__setstate__")


def slots_of(kind: type) -> list[str] | None:
    """Return the slots of a class and its bases; `None` where there are none."""
    found: list[str] | None = None
    for each in reversed(read_mro(kind)):
        slots = read_space(each).get("__slots__")
        if slots is not None:
            found = [*(found or []), *([slots] if is_kind(slots, str) else map(str, slots))]
    return found


def parameters(function: Any) -> list[str]:
    """Return the parameters of a function as one would write them."""
    code = function.__code__
    names, count = code.co_varnames, code.co_argcount
    first = count - len(function.__defaults__ or ())
    found = [name if place < first else name + "=" for place, name in enumerate(names[:count])]
    only = names[count : count + code.co_kwonlyargcount]
    given = function.__kwdefaults__ or {}
    rest = count + len(only)
    if code.co_flags & 4:
        found.append("*" + names[rest])
    elif only:
        found.append("*")
    found += [name + "=" if name in given else name for name in only]
    if code.co_flags & 8:
        found.append("**" + names[rest + bool(code.co_flags & 4)])
    return found


def attributes_set(function: Any) -> set[str]:
    """Return the names that a method sets on its first argument or reads from anything."""
    return set(function.__code__.co_names) if is_kind(function, types.FunctionType) else set()


def code_facts(functions: list[Any]) -> dict[str, Any]:
    """Return the file of functions, and a checksum of their code."""
    file, total = None, 0
    for function in functions:
        code = function.__code__
        file = file or code.co_filename
        total ^= text_number(code)
    return {"file": file, "code": total}


def text_number(code: Any, depth: int = 0) -> int:
    """Return a checksum of code, the same in every process of one minor version of Python."""
    import zlib

    constants = [
        text_number(each, depth + 1) if is_kind(each, types.CodeType) else each
        for each in code.co_consts
    ]
    told = [
        repr(sorted(each, key=repr)) if isinstance(each, frozenset) else repr(each)
        for each in constants
    ]
    parts = (code.co_name, code.co_code.hex(), code.co_names, code.co_varnames, told)
    return zlib.crc32(repr(parts).encode("utf-8", "replace"))


def locate(module: str) -> bool:
    """Return whether a module could be imported; only finders are run."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    top, _, rest = module.partition(".")
    if module in sys.modules:
        return True
    try:
        spec = find_spec(top)
        name = top
        for part in rest.split(".") if rest else ():
            name += "." + part
            if spec is None or spec.submodule_search_locations is None:
                # A module that is no package may still put others into `sys.modules`.
                return spec is not None and name in sys.modules
            spec = PathFinder.find_spec(name, spec.submodule_search_locations)
    except (ImportError, AttributeError, ValueError):
        return False
    return spec is not None


def owners(tops: set[str]) -> dict[str, list[str]]:
    """Return name and version of the distribution that each top-level module belongs to."""
    found: dict[str, list[str]] = {}
    for folder in dict.fromkeys(sys.path):
        try:
            entries = os.listdir(folder or os.curdir)
        except OSError:
            continue
        wanted = {
            top
            for top in tops - set(found)
            if top in entries or any(entry.startswith(top + ".") for entry in entries)
        }
        for entry in entries if wanted else ():
            if entry.endswith(".dist-info"):
                for top in wanted & recorded(os.path.join(folder, entry, "RECORD")):
                    found.setdefault(top, entry[: -len(".dist-info")].split("-", 1))
    return found


def recorded(path: str) -> set[str]:
    """Return the top-level modules and packages that an installed distribution's record names."""
    try:
        with open(path, encoding="utf-8") as stream:
            return {line.split("/", 1)[0].split(",", 1)[0].split(".", 1)[0] for line in stream}
    except OSError:
        return set()
