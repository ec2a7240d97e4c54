"""Lenses for what cloudpickle and dill send by value: functions, classes, cells, code, modules.

Source: cloudpickle 1.2 and 2.0 to 3.1, `cloudpickle/cloudpickle.py`; dill 0.3.4 to 0.4.1,
`dill/_dill.py`: the reducers and the functions they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.view import (
    HIDDEN,
    SAME,
    SETTERS,
    STATES,
    TYPE,
    Edge,
    View,
    attribute,
    lens,
)

__all__ = ["CLASSES", "CODES", "FUNCTIONS", "MODULES", "code_fields"]

FUNCTIONS: Final = frozenset(
    # Until 2.2 cloudpickle called the type of functions LambdaType, its last name in `types`.
    (
        "cloudpickle:_fill_function",
        "cloudpickle:_make_function",
        "dill:_create_function",
        "types.FunctionType",
        "types.LambdaType",
    )
)
CLASSES: Final = frozenset(
    (
        "cloudpickle:_make_skeleton_class",
        "cloudpickle:_make_skeleton_enum",
        "dill:_create_type",
        "dill:_create_namedtuple",
        "types.new_class",
    )
)
CODES: Final = frozenset(("types.CodeType", "dill:_create_code", "builtins.code"))
MODULES: Final = frozenset(
    (
        "cloudpickle:subimport",
        "cloudpickle:dynamic_subimport",
        "dill:_import_module",
        "importlib.import_module",
        "builtins.__import__",
        "types.ModuleType",
    )
)

_HEAD: Final = "argcount posonlyargcount kwonlyargcount nlocals stacksize flags code consts names "
_TAIL: Final = " freevars cellvars"
# What the constructor of code objects takes, by the number of arguments.
_CODE_LAYOUTS: Final = {
    20: f"{_HEAD}varnames filename name qualname firstlineno linetable endlinetable columntable "
    f"exceptiontable{_TAIL}",
    18: f"{_HEAD}varnames filename name qualname firstlineno linetable exceptiontable{_TAIL}",
    17: f"{_HEAD}varnames filename name qualname firstlineno linetable{_TAIL}",
    16: f"{_HEAD}varnames filename name firstlineno linetable{_TAIL}",
    15: f"{_HEAD.replace('posonlyargcount ', '')}varnames filename name firstlineno lnotab{_TAIL}",
}


def code_fields(view: View, node: int) -> dict[str, int]:
    """Arguments of a code object by the names of its `co_` attributes; empty for other nodes.

    dill writes `co_lnotab` before the arguments from Python 3.10 on; it appears as `lnotab`.
    """
    if view.callee(node) not in CODES:
        return {}
    arguments = list(view.arguments(node))
    fields: dict[str, int] = {}
    if view.callee(node) == "dill:_create_code" and arguments:
        first = view.graph.value(arguments[0])
        if isinstance(first, (bytes, str)) or view.callee(arguments[0]):
            fields["lnotab"] = arguments.pop(0)
    layout = _CODE_LAYOUTS.get(len(arguments), "").split()
    return {**fields, **dict(zip(layout, arguments, strict=False))}


@lens(*CODES)
def _code(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    fields = code_fields(view, node)
    if not fields:
        return [(SAME, argument) for argument in arguments]
    return [(f".co_{name}", argument) for name, argument in fields.items()]


@lens(*FUNCTIONS)
def _function(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    names = ("__code__", "__globals__", "__name__", "__defaults__", "__closure__")
    rest = ("__dict__", "__kwdefaults__")
    # cloudpickle leaves out what its state setter fills in.
    return [
        (f".{name}", argument)
        for name, argument in zip((*names, *rest), arguments, strict=False)
        if view.graph.kinds[argument] != ord("N")
    ]


@lens("cloudpickle:_fill_function")
def _old_function(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """Function of cloudpickle until 1.2: a skeleton of the code, and a dict that fills it."""
    edges: list[Edge] = []
    for skeleton in arguments[:1]:
        edges += [(".__code__", code) for code in view.arguments(skeleton)[:1]]
        edges.append((HIDDEN, skeleton))
    for state in arguments[1:2]:
        for name, value in view.graph.entries(state).items():
            if name == "closure_values":
                edges += [
                    (f".__closure__[{place}].cell_contents", content)
                    for place, content in enumerate(view.graph.children(value))
                ]
            elif name == "_cloudpickle_submodules":
                edges += [(".__code__", module) for module in view.graph.children(value)]
            else:
                edges.append((f".__{name}__", value))
        edges.append((HIDDEN, state))
    return edges


@lens("cloudpickle:_function_setstate", table=SETTERS)
def _function_state(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """State of a function: its dict, and what cloudpickle keeps as slots."""
    edges: list[Edge] = []
    halves = view.graph.children(arguments[1]) if len(arguments) > 1 else ()
    for half in halves:
        for label, value in view.attributes(half):
            # Submodules that the code reaches by attribute access, sent to be imported there.
            submodules = label == "._cloudpickle_submodules"
            edges.append((".__code__" if submodules else label, value))
            if submodules:
                edges.pop()
                edges += [(".__code__", module) for module in view.graph.children(value)]
    return [*edges, *((HIDDEN, half) for half in halves)]


@lens("cloudpickle:_class_setstate", table=SETTERS)
def _class_state(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    edges: list[Edge] = []
    halves = view.graph.children(arguments[1]) if len(arguments) > 1 else ()
    for half in halves:
        for label, value in view.attributes(half):
            edges.append((SAME if label == "._abc_impl" else label, value))
    return [*edges, *((HIDDEN, half) for half in halves)]


@lens("cloudpickle:_make_skeleton_class")
def _class(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    """Class: metaclass, name, bases, keyword arguments, tracker id, extra."""
    edges: list[Edge] = list(zip((TYPE, ".__name__"), arguments, strict=False))
    edges += [(_bases_label(view, node), bases) for bases in arguments[2:3]]
    for keywords in arguments[3:4]:
        edges += [*view.attributes(keywords), (HIDDEN, keywords)]
    return edges


def _bases_label(view: View, node: int) -> str:
    # Generic classes send __orig_bases__ in place of __bases__ (PEP 560).
    for call in view.effects.get(node, ()):
        for half in view.graph.children(view.arguments(call)[-1]):
            if "__orig_bases__" in view.graph.entries(half):
                return ".__orig_bases__"
    return ".__bases__"


@lens("cloudpickle:_make_skeleton_enum")
def _enum(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """Enum: bases, name, qualified name, members, module, tracker id, extra."""
    edges: list[Edge] = list(
        zip((".__bases__", ".__name__", ".__qualname__"), arguments, strict=False)
    )
    for members in arguments[3:4]:
        edges += [(f"{label}.value", value) for label, value in view.attributes(members)]
        edges.append((HIDDEN, members))
    return [*edges, *((".__module__", module) for module in arguments[4:5])]


@lens("dill:_create_type")
def _dill_class(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """Class: metaclass, name, bases, dict."""
    edges: list[Edge] = list(zip((TYPE, ".__name__", ".__bases__"), arguments, strict=False))
    for members in arguments[3:4]:
        edges += [*view.attributes(members), (HIDDEN, members)]
    return edges


@lens("types.new_class")
def _new_class(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """Generic class sent by dill: name, bases, keywords, a partial that fills the namespace."""
    edges: list[Edge] = list(zip((".__name__", ".__orig_bases__"), arguments, strict=False))
    for keywords in arguments[2:3]:
        metaclass = view.graph.entries(keywords).get("metaclass")
        edges += [(HIDDEN, keywords)] if metaclass is None else [(TYPE, metaclass)]
    for filler in arguments[3:4]:
        for state in view.graph.states.get(filler, ()):
            for part in view.graph.children(state):
                source = view.graph.entries(part).get("source")
                edges += [] if source is None else list(view.attributes(source))
        edges.append((HIDDEN, filler))
    return edges


@lens("cloudpickle:_make_cell", "dill:_create_cell", "types.CellType")
def _cell(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # dill fills cells late: a None in its call is then no content.
    late = any(view.callee(call) == "builtins.setattr" for call in view.effects.get(node, ()))
    return [] if late else [(".cell_contents", argument) for argument in arguments[:1]]


@lens("cloudpickle:cell_set", "cloudpickle:_cell_set", table=SETTERS)
def _cell_set(_view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    return [(".cell_contents", argument) for argument in arguments[1:2]]


@lens("builtins.setattr", table=SETTERS)
def _setattr(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    name = view.graph.text(arguments[1]) if len(arguments) > 1 else None
    return [(attribute(name), argument) for argument in arguments[2:3]] if name else []


@lens("dill:_setitems", table=SETTERS)
def _setitems(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    return [
        (view.key(key, index), value)
        for source in arguments[1:2]
        for index, (key, value) in enumerate(view.graph.key_values(source))
    ]


@lens(*MODULES)
def _module(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    edges: list[Edge] = [(HIDDEN, argument) for argument in arguments]
    for members in arguments[1:2]:
        if view.graph.kinds[members] == op.DICT:
            edges = [*view.attributes(members), *edges]
    return edges


@lens("dill:_import_module", table=STATES)
def _session(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    """State of a module: its names; a session of dill's is `__main__` itself, read as a dict."""
    names = view.graph.text(view.arguments(node)[0]) if view.arguments(node) else None
    if node != view.graph.root or names != "__main__":
        return [*view.attributes(state[0]), (HIDDEN, state[0])]
    pairs = enumerate(view.graph.key_values(state[0]))
    return [*((view.key(key, place), value) for place, (key, value) in pairs), (HIDDEN, state[0])]
