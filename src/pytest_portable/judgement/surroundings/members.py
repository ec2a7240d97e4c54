"""Which members of an enum an object holds, and what a module sets while it is used."""

from __future__ import annotations

import ast
import dis
import enum
import inspect
import io
import pickle
import sys
from collections.abc import Collection, Iterator
from types import CodeType, FunctionType
from typing import Any

from pytest_portable.agent.in_target.asking import asked, held_in, is_kind, read_space
from pytest_portable.agent.in_target.parts import canonical
from pytest_portable.agent.in_target.survey import accessor, look_up
from pytest_portable.interrupts import pass_on

__all__ = ["literal_of", "uses_members", "writes"]


def uses_members(obj: object, key: str, names: Collection[str]) -> bool:
    """Return whether an object holds one of some members of an enum, given as `module:name`.

    Where pickle cannot dump the object, the answer is yes.
    """
    kind = look_up(*key.split(":"))
    found: set[str] = set()

    class Watching(pickle.Pickler):
        def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - NotImplemented, always
            if type(obj) is kind and isinstance(obj, enum.Enum):
                found.add(obj.name)
            return NotImplemented

    try:
        Watching(io.BytesIO(), 4).dump(obj)
    except BaseException as error:  # noqa: BLE001 - another serializer may dump what pickle refuses
        pass_on(error)
        return True
    return not found.isdisjoint(names)


def writes(key: str, member: str) -> bool:
    """Return whether the code of a module sets a global of its own, or an attribute of a class.

    Then its value is a matter of use (a counter, a cache, a current choice) and not of settings
    that somebody made from outside.
    """
    module, _, name = key.partition(":")
    wanted = ("STORE_ATTR", member) if member else ("STORE_GLOBAL", name)
    return any(
        (instruction.opname, instruction.argval) == wanted
        for code in _codes(module)
        for instruction in dis.get_instructions(code)
    )


def literal_of(key: str, member: str) -> str | None:
    """Return what the source of a module sets a global or an attribute of a class to.

    In the words of `canonical`; `None` where the source is not there or computes it.
    """
    module, _, name = key.partition(":")
    try:
        source = inspect.getsource(sys.modules[module])
        body = ast.parse(source).body
    except (KeyError, OSError, TypeError, SyntaxError):
        return None
    for part in name.split(".") if member else name.split(".")[:-1]:
        body = next(
            (node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part), []
        )
    wanted = member or name.rpartition(".")[2]
    for node in reversed(body):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == wanted for target in targets):
            return _literal(node)
    return None


def _literal(node: ast.stmt) -> str | None:
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    try:
        return None if value is None else canonical(ast.literal_eval(value))
    except ValueError:
        return None


def _codes(module: str) -> Iterator[CodeType]:
    """Yield the code of the functions and methods that a module defines."""
    waiting: list[object] = []
    for value in list(held_in(sys.modules.get(module)).values()):
        home = asked(value, "__module__")
        if type(home) is str and home == module:
            waiting.append(value)
            if is_kind(value, type):
                waiting += [accessor(part) for part in read_space(value).values()]
    codes = [value.__code__ for value in waiting if type(value) is FunctionType]
    while codes:
        code = codes.pop()
        yield code
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
