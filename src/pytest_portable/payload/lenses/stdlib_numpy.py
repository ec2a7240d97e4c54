"""Lenses for the standard library's reducers and NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.definitions import CLASSES, MODULES
from pytest_portable.payload.lenses.view import HIDDEN, SAME, STATES, Edge, View, lens

__all__: list[str] = []

_NO_INSTANCES: Final = CLASSES | MODULES | {"cloudpickle:_builtin_type", "dill:_load_type"}


@lens("functools.partial", table=STATES)
def _partial_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    parts = view.graph.children(state[0])
    edges: list[Edge] = list(zip((".func", ".args", ".keywords"), parts, strict=False))
    for namespace in parts[3:]:
        edges += [*view.attributes(namespace), (HIDDEN, namespace)]
    return [*edges, (HIDDEN, state[0])]


@lens("builtins.getattr", "dill:_get_attr", "dill:_getattr")
def _getattr(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    # A bound method is pickled as getattr(owner, name); a global's attribute looks the same.
    owner = arguments[0] if arguments else -1
    if owner < 0 or view.name(owner) or view.callee(owner) in _NO_INSTANCES:
        return [(SAME, argument) for argument in arguments]
    return [(".__self__", owner), *((HIDDEN, argument) for argument in arguments[1:])]


@lens("types.GenericAlias", "operator.getitem", "_operator.getitem")
def _generic_alias(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    if len(arguments) > 1 and view.graph.kinds[arguments[1]] != op.TUPLE:
        return [(".__origin__", arguments[0]), (".__args__[0]", arguments[1])]
    return list(zip((".__origin__", ".__args__"), arguments, strict=False))


@lens(
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    table=STATES,
)
def _array_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of an array: version, shape, dtype, order, data (bytes, or a list of objects)."""
    graph = view.graph
    parts = graph.children(state[0])
    if len(parts) < 5:  # noqa: PLR2004 (an array's state has five members)
        return [(".__reduce__()[2]", state[0])]
    shape = [graph.value(size) for size in graph.children(parts[1])]
    edges: list[Edge] = [(".shape", parts[1]), (".dtype", parts[2])]
    if graph.kinds[parts[4]] != op.LIST:
        return [*edges, (SAME, parts[4]), (HIDDEN, state[0])]
    sizes = [size for size in shape if isinstance(size, int)]
    for index, item in enumerate(graph.children(parts[4])):
        edges.append((_array_index(index, sizes), item))
    return [*edges, (HIDDEN, parts[4]), (HIDDEN, state[0])]


@lens("dill:_create_array")
def _dill_array(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    """Array subclass sent by dill: constructor, its arguments, state, dict."""
    edges: list[Edge] = [(SAME, argument) for argument in arguments[:1]]
    for inner in arguments[1:2]:
        edges += [(SAME, cls) for cls in view.graph.children(inner)[:1]]
        edges.append((HIDDEN, inner))
    for state in arguments[2:3]:
        edges += _array_state(view, node, (state,))
    for members in arguments[3:4]:
        edges += [*view.attributes(members), (HIDDEN, members)]
    return edges


def _array_index(index: int, sizes: Sequence[int]) -> str:
    places: list[int] = []
    for size in reversed(sizes):
        places.append(index % size if size else 0)
        index //= size or 1
    return f"[{', '.join(map(str, reversed(places)))}]" if places else "[()]"


@lens("joblib.numpy_pickle.NumpyArrayWrapper", table=STATES)
def _joblib_array(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of joblib's wrapper in an array's place: its dtype and shape are the array's."""
    labels = {".subclass": SAME, ".dtype": ".dtype", ".shape": ".shape"}
    members = view.attributes(state[0])
    edges: list[Edge] = [(labels.get(label, HIDDEN), value) for label, value in members]
    return [*edges, (HIDDEN, state[0])]


@lens(
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    table=STATES,
)
def _random_state(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    parts = view.graph.children(state[0]) if view.graph.kinds[state[0]] == op.TUPLE else ()
    if "__bit_generator_ctor" in view.callee(node) and len(parts) == 2:  # noqa: PLR2004 - a pair
        return [*zip((".state", ".seed_seq"), parts, strict=True), (HIDDEN, state[0])]
    return [(".__getstate__()", state[0])]


@lens("numpy.random.bit_generator.__pyx_unpickle_SeedSequence", table=STATES)
def _seeds_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of a seed sequence: its fields by name, in alphabetical order."""
    names = (".entropy", ".n_children_spawned", ".pool", ".pool_size", ".spawn_key")
    parts = view.graph.children(state[0])
    return [*zip(names, parts, strict=False), (HIDDEN, state[0])]


@lens("numpy.ma.core._mareconstruct", table=STATES)
def _masked_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of a masked array: that of an array, its mask as bytes, and its fill value."""
    parts = view.graph.children(state[0])
    # Loading replaces None by a default.
    is_filled = bool(parts) and view.graph.kinds[parts[-1]] != ord("N")
    last = "._fill_value" if is_filled else HIDDEN
    labels = (HIDDEN, ".shape", ".dtype", HIDDEN, HIDDEN, HIDDEN, last)
    return [*zip(labels, parts, strict=False), (HIDDEN, state[0])]


@lens("numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor")
def _random(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    label = "._bit_generator" if "randomstate" in view.callee(node) else ".bit_generator"
    return [(label, argument) for argument in arguments[:1]]
