"""Lenses for pandas's reducers."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.view import HIDDEN, SAME, STATES, Edge, View, lens

__all__: list[str] = []


@lens(
    "pandas.core.indexes.base._new_Index",
    "pandas.core.indexes.datetimes._new_DatetimeIndex",
    "pandas.core.indexes.interval._new_IntervalIndex",
    "pandas.core.indexes.timedeltas._new_TimedeltaIndex",
)
def _index(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    """Index: its class, and its parts by name."""
    edges: list[Edge] = [(SAME, argument) for argument in arguments[:1]]
    for mapping in arguments[1:2]:
        edges += [
            ("._data" if label == ".data" else label, value)
            for label, value in view.attributes(mapping)
        ]
        edges.append((HIDDEN, mapping))
    return edges


@lens("pandas._libs.internals._unpickle_block")
def _block(view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    is_slice = len(arguments) > 1 and view.callee(arguments[1]) == "builtins.slice"
    places = ".mgr_locs.as_slice" if is_slice else ".mgr_locs.as_array"
    return list(zip((".values", places, ".ndim"), arguments, strict=False))


@lens(
    "pandas.core.internals.managers.BlockManager",
    "pandas.core.internals.managers.SingleBlockManager",
    table=STATES,
)
def _manager_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of a series, and in old releases of a frame: axes, values of blocks, their labels.

    A fourth part has the same contents again.
    """
    graph = view.graph
    parts = graph.children(state[0])
    if graph.kinds[state[0]] != op.TUPLE or len(parts) < 3:  # noqa: PLR2004 - as said above
        return [(".__getstate__()", state[0])]
    edges: list[Edge] = [(".axes", parts[0])]
    for index, values in enumerate(graph.items.get(parts[1], graph.children(parts[1]))):
        edges.append((f".blocks[{index}].values", values))
    return [*edges, *((HIDDEN, part) for part in parts[1:]), (HIDDEN, state[0])]


@lens("pandas._libs.arrays.__pyx_unpickle_NDArrayBacked", table=STATES)
def _backed_state(view: View, _node: int, state: Sequence[int]) -> list[Edge]:
    """State of an array of pandas around NumPy's: dtype and array in either order, and the rest."""
    graph = view.graph
    parts = graph.children(state[0])
    if graph.kinds[state[0]] != op.TUPLE or len(parts) < 2:  # noqa: PLR2004 - as said above
        return [(".__reduce_ex__(4)[2]", state[0])]
    is_array_first = view.callee(parts[0]).endswith(("_reconstruct", "_frombuffer"))
    labels = ("._ndarray", ".dtype") if is_array_first else (".dtype", "._ndarray")
    edges: list[Edge] = list(zip(labels, parts, strict=False))
    for more in parts[2:]:
        edges += [*view.attributes(more), (HIDDEN, more)]
    return [*edges, (HIDDEN, state[0])]
