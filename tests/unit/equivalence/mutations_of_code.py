"""Changes of functions and classes that travel by value, see `mutations`."""

from __future__ import annotations

import builtins
import functools
import types
from typing import TYPE_CHECKING, Any

from unit.equivalence.mutations import Mutation, do
from unit.equivalence.samples import Node, Point, make_class

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFINITIONS"]


def function(*, defaults: object = 1, name: object = 2, cell: object = 3, factor: int = 4) -> Any:
    """Return a function as if it had been rebuilt in another process."""

    def local(x: int, y: object = defaults, *, z: object = name) -> object:
        return [x, y, z, cell, lambda: (FACTOR, 77)]  # type: ignore[name-defined]  # noqa: F821

    names = {"__builtins__": builtins, "FACTOR": [factor], "unused": [object()]}
    made = types.FunctionType(local.__code__, names, "local", (defaults,), local.__closure__)
    made.__kwdefaults__ = {"z": name}
    made.mark = [1]  # type: ignore[attr-defined]
    return made


def other_constant() -> Any:
    made = function()
    inner = next(part for part in made.__code__.co_consts if isinstance(part, types.CodeType))
    changed = inner.replace(co_consts=tuple(78 if x == 77 else x for x in inner.co_consts))
    constants = tuple(changed if part is inner else part for part in made.__code__.co_consts)
    made.__code__ = made.__code__.replace(co_consts=constants)
    return made


def code_of(make: Callable[[], Any]) -> int:
    """Return the position of nested code among the constants, which differs by Python."""
    constants = make().__code__.co_consts
    return next(i for i, part in enumerate(constants) if isinstance(part, types.CodeType))


def constant_of() -> int:
    return int(function().__code__.co_consts[code_of(function)].co_consts.index(77))


def other_opcodes() -> Any:
    made = function()
    made.__code__ = made.__code__.replace(co_argcount=1)
    return made


def with_member(value: object) -> Any:
    made = make_class(1)
    made.table = {"a": value}
    return made


def method_of(value: object) -> Any:
    made = make_class([value])
    made.constant = 1
    return made


def built_with(*bases: type) -> type:
    return type("Built", bases, {"__module__": "built"})


def mark(obj: Any) -> None:
    obj.mark = 1


DEFINITIONS = [
    Mutation(
        "constant in nested code",
        lambda is_changed: other_constant() if is_changed else function(),
        f".__code__.co_consts[{code_of(function)}].co_consts[{constant_of()}]",
    ),
    Mutation(
        "arguments",
        lambda is_changed: other_opcodes() if is_changed else function(),
        ".__code__.co_argcount",
    ),
    Mutation("default", lambda it: function(defaults=1 + it), ".__defaults__[0]"),
    Mutation("default by name", lambda it: function(name=1 + it), ".__kwdefaults__['z']"),
    Mutation("cell", lambda it: function(cell=[it]), ".__closure__[0].cell_contents[0]"),
    Mutation("global", lambda it: function(factor=1 + it), ".__globals__['FACTOR'][0]"),
    Mutation("mark", do(function, lambda it: it.mark.append(2)), ".mark"),
    Mutation("name", do(function, lambda it: setattr(it, "__name__", "x")), ".__name__"),
    Mutation("documentation", do(function, lambda it: setattr(it, "__doc__", "x")), ".__doc__"),
    Mutation(
        "annotation",
        do(function, lambda it: it.__annotations__.update(x=2)),
        ".__annotations__['x']",
    ),
    Mutation("in a class", lambda it: with_member([it]), ".table['a'][0]"),
    Mutation("in a method", method_of, ".method.__closure__[0].cell_contents[0]"),
    Mutation("new member", do(lambda: make_class(1), lambda it: setattr(it, "x", 1)), ".x"),
    Mutation("base", lambda it: built_with(Point if it else Node), ".__bases__[0]"),
    Mutation("partial", lambda it: functools.partial(max if it else min, 1), ".func"),
    Mutation("partial's mark", do(lambda: functools.partial(min), mark), ".mark"),
    Mutation("partial's word", lambda it: functools.partial(dict, a=it), ".keywords['a']"),
    Mutation("method", lambda it: "a".upper if it else "a".lower),
    Mutation("owner of a method", lambda it: [it].append, ".__self__[0]"),
]
