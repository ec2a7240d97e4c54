"""All edges of a node that is no plain container: call, state, items, effects."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.definitions import CLASSES
from pytest_portable.payload.lenses.view import (
    HIDDEN,
    LENSES,
    SAME,
    SETTERS,
    STATES,
    TYPE,
    Edge,
    View,
)

__all__ = ["edges", "later_edges"]

_PAIR = 2
# Else every path through a dict subclass of a million keys would list them all again.
_LONG = 64
_LONG_KEPT = 16
_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


def edges(view: View, node: int) -> list[Edge]:
    """Return all edges of a node, best labels first; structure without a label is hidden."""
    if view.latest[0] == node:
        return view.latest[1]
    found = view.long.get(node)
    if found is None:
        found = _edges(view, node)
        if len(found) > _LONG:
            if len(view.long) >= _LONG_KEPT:
                view.long.pop(next(iter(view.long)))
            view.long[node] = found
    view.keep_edges(node, found)
    return found


def _edges(view: View, node: int) -> list[Edge]:
    graph = view.graph
    kind = graph.kinds[node]
    found: list[Edge] = []
    if kind == op.REDUCE:
        found = _call(view, node)
    elif kind in (op.NEWOBJ, op.NEWOBJ_EX, op.OBJ, op.INST):
        found = _new(view, node)
    elif kind == op.BINPERSID:
        # What a persistent id holds is no part of the object that it names.
        found = [(HIDDEN, child) for child in graph.children(node)]
    elif kind != op.STACK_GLOBAL:
        found = [(SAME, child) for child in graph.children(node)]
    for state in graph.states.get(node, ()):
        found += _state(view, node, state)
    # What joblib's wrapper holds is the array itself, pickled.
    wrapper = kind == op.NEWOBJ and view.canonical(graph.children(node)[0]) == _WRAPPER
    for index, item in enumerate(graph.items.get(node, ())):
        found.append((SAME if wrapper else f"[{index}]", item))
    if node in graph.pairs:
        for index, (key, value) in enumerate(graph.key_values(node)):
            found += [(view.key(key, index), value), (HIDDEN, key)]
    return found + later_edges(view, node)


def later_edges(view: View, node: int) -> list[Edge]:
    """Return what calls added to a node after it was made; their results were dropped."""
    found: list[Edge] = []
    for call in view.effects.get(node, ()):
        setter = SETTERS.get(view.callee(call))
        found += setter(view, call, view.arguments(call)) if setter else []
        found.append((HIDDEN, call))
    return found


def _call(view: View, node: int) -> list[Edge]:
    callee, arguments = view.graph.children(node)[:_PAIR]
    found = [_class_edge(view, callee)]
    seen = LENSES.get(view.canonical(callee))
    if seen:
        found += seen(view, node, view.arguments(node))
        return [*found, (HIDDEN, arguments)]
    exception = view.live_class(callee)
    if exception is not None and issubclass(exception, BaseException):
        return [*found, (".args", arguments)]
    return [*found, (".__reduce_ex__(4)[1]", arguments)]


def _class_edge(view: View, maker: int) -> Edge:
    """Return the edge to an instance's class: `type(x)` when it came by value, else `x`."""
    return (TYPE if view.callee(maker) in CLASSES else SAME), maker


def _new(view: View, node: int) -> list[Edge]:
    graph = view.graph
    children, kind = graph.children(node), graph.kinds[node]
    found = [] if kind == op.INST else [_class_edge(view, children[0])]
    arguments = view.arguments(node)
    if _is_tuple(view, view.class_of(node)):
        # A tuple subclass sends one tuple, a namedtuple its fields.
        whole = len(arguments) == 1 and graph.kinds[arguments[0]] == op.TUPLE
        inner: Sequence[int] = graph.children(arguments[0]) if whole else arguments
        found += [(f"[{index}]", item) for index, item in enumerate(inner)]
    elif kind in (op.NEWOBJ, op.NEWOBJ_EX):
        label = ".__getnewargs_ex__()" if kind == op.NEWOBJ_EX else ".__getnewargs__()"
        place = "[0]" if kind == op.NEWOBJ_EX else ""
        found += [(f"{label}{place}[{i}]", item) for i, item in enumerate(arguments)]
        if kind == op.NEWOBJ_EX:
            found.append((f"{label}[1]", children[2]))
    else:
        found += [(SAME, argument) for argument in arguments]
    return [*found, *((HIDDEN, child) for child in children[1:])]


def _is_tuple(view: View, cls: int) -> bool:
    for _ in range(8):
        if view.callee(cls) == "dill:_create_namedtuple":
            return True
        if view.callee(cls) not in CLASSES:
            break
        arguments = view.arguments(cls)
        bases = view.graph.children(arguments[2]) if len(arguments) > _PAIR else ()
        if not bases:
            return False
        cls = bases[0]
    if view.canonical(cls) == "builtins.tuple":
        return True
    live = view.live_class(cls)
    return live is not None and tuple in type.mro(live)


def _state(view: View, node: int, state: int) -> list[Edge]:
    maker = view.class_of(node)
    if view.callee(node) == "copyreg._reconstructor":  # protocols 0 and 1
        maker = (*view.arguments(node)[:1], -1)[0]
    seen = STATES.get(view.canonical(maker)) if maker >= 0 else None
    if seen:
        return seen(view, node, (state,))
    graph = view.graph
    # `object.__reduce_ex__` calls __getstate__; a class with its own reducer may have none.
    by_object = graph.kinds[node] != op.REDUCE or view.callee(node).startswith("copyreg.")
    whole = ".__getstate__()" if by_object else ".__reduce_ex__(4)[2]"
    if graph.kinds[state] == op.DICT:
        if _keeps_no_dict(view, node):
            return [(whole, state)]
        return [*view.attributes(state), (HIDDEN, state)]
    halves = graph.children(state) if graph.kinds[state] == op.TUPLE else ()
    shapes = [graph.kinds[half] for half in halves]
    if len(halves) == _PAIR and op.DICT in shapes and set(shapes) <= {op.DICT, ord("N")}:
        found = [edge for half in halves for edge in view.attributes(half)]
        return [*found, *((HIDDEN, half) for half in halves), (HIDDEN, state)]
    return [(whole, state)]


def _keeps_no_dict(view: View, node: int) -> bool:
    """Return whether an instance's state is not its attributes, as in extension types."""
    live = view.live_class(view.class_of(node)) if view.graph.kinds[node] == op.REDUCE else None
    return live is not None and not live.__dictoffset__
