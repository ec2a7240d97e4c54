"""Describe the globals that an object depends on, in the same way on host and target."""

from __future__ import annotations

import binascii
import sys
import types

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.asking import (
        MISSING,
        held_in,
        is_kind,
        module_of,
        named_in,
        qualname_of,
        read_bases,
        read_space,
    )
    from pytest_portable.agent.in_target.describe import text_of, type_name
    from pytest_portable.agent.in_target.limits import (
        MAX_SOURCE_BYTES,
        MAX_SOURCE_LINES,
        MAX_SURVEYED,
    )
    from pytest_portable.agent.in_target.parts import CONTAINER_TYPES, PLAIN_TYPES, canonical


class Surveyor:
    """Describes functions, classes and values in modules, so that equal ones have equal texts.

    Nothing is imported and nothing is called: only `__dict__` is read.

    Args:
        follow: top-level import names whose code is looked into.
    """

    def __init__(self, follow: list[str]) -> None:
        self.follow = frozenset(follow)
        self.entries: dict[str, dict[str, Any]] = {}
        self.origins: dict[str, str] = {}
        self.files: dict[str, tuple[Any, list[str]]] = {}
        self.waiting: list[tuple[str, str, str]] = []

    def take(self, wanted: list[list[str]]) -> dict[str, Any]:
        """Describe globals, given by module and name, and what they use of the same packages."""
        self.waiting = [(module, name, "") for module, name in wanted]
        while self.waiting and len(self.entries) < MAX_SURVEYED:
            module, name, origin = self.waiting.pop(0)
            key = module + ":" + name
            if key not in self.entries:
                self.origins[key] = origin
                try:
                    self.entries[key] = self.portrait(look_up(module, name), module, key)
                except BaseException:  # a metaclass or a module may raise anything
                    self.entries[key] = {"kind": "other", "type": ["", ""]}
        files = {}
        for key in self.entries:
            module = key.partition(":")[0]
            home = held_in(sys.modules.get(module)).get("__file__")
            if module not in files and type(home) is str:
                files[module] = [home, self.file(home)[0]]
        return {"entries": self.entries, "origins": self.origins, "files": files}

    def portrait(self, value: Any, module: str, key: str) -> dict[str, Any]:
        """Describe one value that was found in a module."""
        if value is MISSING:
            return {"kind": "missing"}
        if is_kind(value, types.ModuleType):
            return {"kind": "module", "name": name_of_module(value)}
        if is_kind(value, type):
            if top_of(module_of(value)) in self.follow:
                return self.of_class(value, module, key)
            return {"kind": "foreign", "module": module_of(value)}
        function, more = unwrapped(value, self.follow)
        if is_kind(function, types.FunctionType):
            return {**self.of_function(function, module, key), **more}
        return self.of_value(value)

    def of_value(self, value: object) -> dict[str, Any]:
        """Describe what is neither a definition nor a module."""
        kind = type(value)
        if kind in PLAIN_TYPES or kind in CONTAINER_TYPES:
            return {"kind": "plain", "text": canonical(value), "is_flat": kind in PLAIN_TYPES}
        if module_of(kind) == "unittest.mock":
            return {"kind": "mock"}
        if (module_of(kind), qualname_of(kind)) == ("_contextvars", "ContextVar"):
            return {"kind": "plain", "text": canonical(value.get(None)), "is_flat": False}  # type: ignore[attr-defined]
        if (module_of(kind), qualname_of(kind)) == ("_thread", "_local"):
            return {"kind": "plain", "text": canonical(vars(value)), "is_flat": False}
        if top_of(module_of(kind)) in self.follow:
            held = held_in(value)
            fields = {str(name): canonical(part) for name, part in list(held.items())[:100]}
            return {"kind": "object", "type": ["", qualname_of(kind)], "fields": fields}
        return {"kind": "other", "type": type_name(value)}

    def of_function(self, value: Any, module: str, key: str) -> dict[str, Any]:
        """Describe a function by its source, and look at the globals that it names."""
        code = value.__code__
        home = str(value.__globals__.get("__name__"))
        mark, lines = self.file(code.co_filename)
        names = names_in(code)
        if top_of(home) in self.follow:
            for name in names:
                found = value.__globals__.get(name, MISSING)
                if (
                    is_kind(found, types.ModuleType)
                    and top_of(name_of_module(found)) in self.follow
                ):
                    self.waiting.extend(
                        (name_of_module(found), inner, key)
                        for inner in names
                        if inner in held_in(found)
                    )
                elif found is not MISSING:
                    self.waiting.append((home, name, key))
        found = held_in(sys.modules.get(module)).get("__file__")
        return {
            "kind": "function",
            "module": home,
            "place": "%s:%d" % (code.co_filename, code.co_firstlineno),
            "own": code.co_filename == found,
            "file": mark,
            "source": source_block(lines, code.co_firstlineno),
            "code": [
                "%s %d.%d" % (sys.implementation.name, *sys.version_info[:2]),
                code_mark(code),
            ],
            "wrappers": [],
        }

    def of_class(self, value: type, module: str, key: str) -> dict[str, Any]:
        """Describe a class by its functions and its plain values, and look at its bases."""
        members: dict[str, Any] = {}
        for name, held in list(read_space(value).items())[:MAX_SURVEYED]:
            part = accessor(held)
            function, more = unwrapped(part, self.follow)
            if is_kind(function, types.FunctionType):
                members[name] = {**self.of_function(function, module, key), **more}
            elif not (name.startswith("__") and name.endswith("__")):
                members[name] = self.of_value(part)
        for base in read_bases(value):
            if top_of(module_of(base)) in self.follow:
                self.waiting.append((module_of(base), qualname_of(base), key))
        entry: dict[str, Any] = {"kind": "class", "members": members}
        names = read_space(value).get("_member_map_")
        if is_kind(names, dict) and "enum" in sys.modules:
            entry["members"] = {n: m for n, m in members.items() if m["kind"] == "function"}
            entry["enum"] = {
                str(name): canonical(held_in(member).get("_value_"))
                for name, member in names.items()
            }
        return entry

    def file(self, name: str) -> tuple[Any, list[str]]:
        """Return a mark of a source file and its lines; nothing where it cannot be read."""
        if name not in self.files:
            try:
                with open(name, "rb") as stream:
                    data = stream.read(MAX_SOURCE_BYTES)
            except (OSError, ValueError):
                self.files[name] = None, []
            else:
                data = data.replace(b"\r\n", b"\n")
                lines = data.decode("utf-8", "replace").split("\n")
                self.files[name] = [len(data), binascii.crc32(data)], lines
        return self.files[name]


def survey(request: dict[str, Any]) -> dict[str, Any]:
    """Describe what the host asked about: `globals`, `follow`, `virtual` (class, ABC)."""
    taken = Surveyor(request["follow"]).take(request["globals"])
    taken["virtual"] = [is_subclass(*question) for question in request["virtual"]]
    return taken


def top_of(module: object) -> str:
    """Return the first part of a module's name."""
    return str(module).partition(".")[0]


def look_up(module: str, name: str) -> object:
    """Return what stands at a dotted name in a module that is there already."""
    return named_in(module, name)


def name_of_module(module: object) -> str:
    """Return the name of a module."""
    return text_of(held_in(module).get("__name__", "?"))


def accessor(part: Any) -> object:
    """Return the function inside a method, a property or the like."""
    if is_kind(part, staticmethod) or is_kind(part, classmethod):
        return part.__func__
    if is_kind(part, property):
        return part.fget
    if module_of(type(part)) == "functools":  # cached_property, singledispatchmethod
        return held_in(part).get("func", part)
    return part


def unwrapped(value: object, follow: frozenset[str]) -> tuple[object, dict[str, Any]]:
    """Return the function inside wrappers of other packages, and what they add to it."""
    more: dict[str, Any] = {}
    wrappers = []
    for _ in range(20):
        held = held_in(value)
        if not held:
            break
        registry: Any = held.get("registry")
        if is_kind(registry, types.MappingProxyType):
            more["registry"] = sorted(
                "%s.%s" % (module_of(k), qualname_of(k)) for k in registry if is_kind(k, type)
            )
        home = module_of(type(value))
        if is_kind(value, types.FunctionType):
            home = value.__globals__.get("__name__", home)
        inner = held.get("__wrapped__")
        if inner is None or top_of(home) in follow:
            break
        wrappers.append(str(home))
        value = inner
    if wrappers:
        more["wrappers"] = wrappers
    return value, more


def names_in(code: types.CodeType) -> list[str]:
    """Return the names that a function uses, including those of functions inside it."""
    names = dict.fromkeys(code.co_names)
    for part in code.co_consts:
        if is_kind(part, types.CodeType):
            names.update(dict.fromkeys(names_in(part)))
    return list(names)


def code_mark(code: types.CodeType) -> int:
    """Return a checksum of code, the same in every process of one minor version of Python."""
    parts = [repr((code.co_code, code.co_names, code.co_varnames, code.co_argcount))]
    parts += [
        str(code_mark(part)) if is_kind(part, types.CodeType) else canonical(part)
        for part in code.co_consts
    ]
    return binascii.crc32("\n".join(parts).encode("utf-8", "replace"))


def source_block(lines: list[str], first: int) -> str | None:
    """Return the lines of a definition that begins at a line, decorators included."""
    block: list[str] = []
    indent, in_head = 0, True
    for line in lines[first - 1 : first - 1 + MAX_SOURCE_LINES]:
        text = line.strip()
        width = len(line) - len(line.lstrip())
        if not block:
            indent = width
        elif text and width <= indent and not in_head and text[0] not in ")]}#":
            break
        if in_head and text and text[0] != "@" and width <= indent and text[0] not in ")]}":
            in_head = False
        block.append(line.rstrip())
    while block and not block[-1]:
        block.pop()
    return "\n".join(block) or None


def is_subclass(module: str, name: str, abc_module: str, abc_name: str) -> bool | None:
    """Return whether a class is a subclass of an ABC here; `None` where one is missing."""
    kind, abstract = look_up(module, name), look_up(abc_module, abc_name)
    try:
        return issubclass(kind, abstract)  # type: ignore[arg-type]
    except BaseException:
        return None


def shadowed() -> list[list[str]]:
    """Return classes that came by value although a module of their name is installed here."""
    known = getattr(
        sys.modules.get("cloudpickle.cloudpickle"), "_DYNAMIC_CLASS_TRACKER_BY_CLASS", {}
    )
    found = []
    for kind in list(known):
        if not is_kind(kind, type):  # a type variable is tracked like a class
            continue
        module = module_of(kind)
        if module != "__main__" and is_there(module):
            found.append([module, qualname_of(kind)])
    return found


def is_there(module: str) -> bool:
    """Return whether the top-level package of a module could be imported; nothing is."""
    if module in sys.modules:
        return True
    try:
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(top_of(module)) is not None
    except BaseException:
        return False
