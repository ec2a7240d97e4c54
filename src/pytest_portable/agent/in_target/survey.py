"""Describe the globals that an object depends on, in the same way on host and target."""

from __future__ import annotations

import binascii
import sys
import types

if __name__ != "__main__":
    from typing import Any

    from pytest_portable.agent.in_target.describe import type_name
    from pytest_portable.agent.in_target.limits import (
        MAX_SOURCE_BYTES,
        MAX_SOURCE_LINES,
        MAX_SURVEYED,
    )
    from pytest_portable.agent.in_target.parts import CONTAINER_TYPES, PLAIN_TYPES, canonical

MISSING = object()


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
                except Exception:  # a metaclass or a module may raise anything
                    self.entries[key] = {"kind": "other", "type": ["", ""]}
        files = {}
        for key in self.entries:
            module = key.partition(":")[0]
            home = getattr(sys.modules.get(module), "__file__", None)
            if module not in files and isinstance(home, str):
                files[module] = [home, self.file(home)[0]]
        return {"entries": self.entries, "origins": self.origins, "files": files}

    def portrait(self, value: object, module: str, key: str) -> dict[str, Any]:
        """Describe one value that was found in a module."""
        if value is MISSING:
            return {"kind": "missing"}
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": str(value.__name__)}
        if isinstance(value, type):
            if top_of(value.__module__) in self.follow:
                return self.of_class(value, module, key)
            return {"kind": "foreign", "module": str(value.__module__)}
        function, more = unwrapped(value, self.follow)
        if isinstance(function, types.FunctionType):
            return {**self.of_function(function, module, key), **more}
        return self.of_value(value)

    def of_value(self, value: object) -> dict[str, Any]:
        """Describe what is neither a definition nor a module."""
        kind = type(value)
        if kind in PLAIN_TYPES or kind in CONTAINER_TYPES:
            return {"kind": "plain", "text": canonical(value), "is_flat": kind in PLAIN_TYPES}
        if kind.__module__ == "unittest.mock":
            return {"kind": "mock"}
        if (kind.__module__, kind.__qualname__) == ("_contextvars", "ContextVar"):
            return {"kind": "plain", "text": canonical(value.get(None)), "is_flat": False}  # type: ignore[attr-defined]
        if (kind.__module__, kind.__qualname__) == ("_thread", "_local"):
            return {"kind": "plain", "text": canonical(vars(value)), "is_flat": False}
        if top_of(kind.__module__) in self.follow:
            held = object.__getattribute__(value, "__dict__") if has_dict(kind) else {}
            fields = {str(name): canonical(part) for name, part in list(held.items())[:100]}
            return {"kind": "object", "type": ["", kind.__qualname__], "fields": fields}
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
                if isinstance(found, types.ModuleType) and top_of(found.__name__) in self.follow:
                    self.waiting.extend(
                        (found.__name__, inner, key) for inner in names if inner in vars(found)
                    )
                elif found is not MISSING:
                    self.waiting.append((home, name, key))
        found = getattr(sys.modules.get(module), "__file__", None)
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
        for name, held in list(vars(value).items())[:MAX_SURVEYED]:
            part = accessor(held)
            function, more = unwrapped(part, self.follow)
            if isinstance(function, types.FunctionType):
                members[name] = {**self.of_function(function, module, key), **more}
            elif not (name.startswith("__") and name.endswith("__")):
                members[name] = self.of_value(part)
        for base in value.__bases__:
            if top_of(base.__module__) in self.follow:
                self.waiting.append((str(base.__module__), base.__qualname__, key))
        entry: dict[str, Any] = {"kind": "class", "members": members}
        names = vars(value).get("_member_map_")
        if isinstance(names, dict) and "enum" in sys.modules:
            entry["members"] = {n: m for n, m in members.items() if m["kind"] == "function"}
            entry["enum"] = {
                str(name): canonical(getattr(member, "_value_", None))
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
    found: Any = sys.modules.get(module, MISSING)
    for part in name.split("."):
        try:
            space = vars(found)
        except TypeError:
            return MISSING
        if part not in space and isinstance(found, type):
            space = next((vars(base) for base in found.__mro__ if part in vars(base)), space)
        found = space.get(part, MISSING)
    return found


def has_dict(kind: type) -> bool:
    """Return whether instances have a `__dict__`, which can be read without running code."""
    return any("__dict__" in vars(base) for base in kind.__mro__)


def accessor(part: object) -> object:
    """Return the function inside a method, a property or the like."""
    if isinstance(part, (staticmethod, classmethod)):
        return part.__func__
    if isinstance(part, property):
        return part.fget
    if type(part).__module__ == "functools":  # cached_property, singledispatchmethod
        return vars(part).get("func", part) if hasattr(part, "__dict__") else part
    return part


def unwrapped(value: object, follow: frozenset[str]) -> tuple[object, dict[str, Any]]:
    """Return the function inside wrappers of other packages, and what they add to it."""
    more: dict[str, Any] = {}
    wrappers = []
    for _ in range(20):
        held = getattr(value, "__dict__", None)
        if not isinstance(held, dict) or isinstance(value, type):
            break
        registry = held.get("registry")
        if isinstance(registry, types.MappingProxyType):
            more["registry"] = sorted(
                "%s.%s" % (k.__module__, k.__qualname__) for k in registry if isinstance(k, type)
            )
        home = getattr(value, "__globals__", {}).get("__name__", type(value).__module__)
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
        if isinstance(part, types.CodeType):
            names.update(dict.fromkeys(names_in(part)))
    return list(names)


def code_mark(code: types.CodeType) -> int:
    """Return a checksum of code, the same in every process of one minor version of Python."""
    parts = [repr((code.co_code, code.co_names, code.co_varnames, code.co_argcount))]
    parts += [
        str(code_mark(part)) if isinstance(part, types.CodeType) else canonical(part)
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
        if not isinstance(kind, type):  # a type variable is tracked like a class
            continue
        module = str(kind.__module__)
        if module != "__main__" and is_there(module):
            found.append([module, str(kind.__qualname__)])
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
