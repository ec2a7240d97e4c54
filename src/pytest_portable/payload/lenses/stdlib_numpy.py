"""Lenses for the standard library's reducers and NumPy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.definitions import CLASSES, MODULES
from pytest_portable.payload.lenses.view import HIDDEN, SAME, SLOT, STATES, Edge, View, lens

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__: list[str] = []

_NO_INSTANCES: Final = CLASSES | MODULES | {"cloudpickle:_builtin_type", "dill:_load_type"}


@lens("copyreg._reconstructor")
def _reconstructed(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # Protocols 0 and 1: class, the built-in base that holds the value, the value.
    del node
    labels = (SAME, HIDDEN, SAME)
    del view
    return list(zip(labels, arguments, strict=False))


@lens("copyreg.__newobj__", "copyreg.__newobj_ex__")
def _new_by_function(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments]


@lens("functools.partial", "functools.partialmethod", "builtins.map", "builtins.filter")
def _partial(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(".func", argument) for argument in arguments[:1]]


@lens("functools.partial", table=STATES)
def _partial_state(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    del node
    parts = view.graph.children(state[0])
    edges: list[Edge] = list(zip((".func", ".args", ".keywords"), parts, strict=False))
    for namespace in parts[3:]:
        edges += [*view.attributes(namespace), (HIDDEN, namespace)]
    return [*edges, (HIDDEN, state[0])]


@lens("collections.defaultdict")
def _defaultdict(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(".default_factory", argument) for argument in arguments[:1]]


@lens("collections.deque")
def _deque(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((SAME, ".maxlen"), arguments, strict=False))


@lens(
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "collections.Counter",
    "collections.OrderedDict",
    "types.MappingProxyType",
    "builtins.mappingproxy",
    "types.SimpleNamespace",
)
def _wrapped(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments]


@lens("builtins.set", "builtins.frozenset", "weakref.WeakSet")
def _set(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(f"list({SLOT})", argument) for argument in arguments[:1]]


@lens("builtins.getattr", "dill:_get_attr", "dill:_getattr")
def _getattr(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # A bound method is pickled as getattr(owner, name); a global's attribute looks the same.
    del node
    owner = arguments[0] if arguments else -1
    if owner < 0 or view.name(owner) or view.callee(owner) in _NO_INSTANCES:
        return [(SAME, argument) for argument in arguments]
    return [(".__self__", owner), *((HIDDEN, argument) for argument in arguments[1:])]


@lens("types.MethodType", "builtins.method")
def _method(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((".__func__", ".__self__"), arguments, strict=False))


@lens("builtins.property")
def _property(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((".fget", ".fset", ".fdel", ".__doc__"), arguments, strict=False))


@lens("builtins.classmethod")
def _classmethod(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # Reading a classmethod from its class gives a bound method.
    del view, node
    return [(".__func__", argument) for argument in arguments[:1]]


@lens("builtins.staticmethod")
def _staticmethod(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # Reading a staticmethod from its class gives the function itself.
    del view, node
    return [(SAME, argument) for argument in arguments[:1]]


@lens("builtins.slice", "builtins.range")
def _slice(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((".start", ".stop", ".step"), arguments, strict=False))


@lens("types.GenericAlias", "operator.getitem", "_operator.getitem")
def _generic_alias(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del node
    if len(arguments) > 1 and view.graph.kinds[arguments[1]] != op.TUPLE:
        return [(".__origin__", arguments[0]), (".__args__[0]", arguments[1])]
    return list(zip((".__origin__", ".__args__"), arguments, strict=False))


@lens("datetime.datetime", "datetime.time")
def _moment(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((SAME, ".tzinfo"), arguments, strict=False))


@lens("weakref.ref", "dill:_create_weakref")
def _weakref(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [("()", argument) for argument in arguments[:1]]


@lens("functools.reduce", "_functools.reduce")
def _union(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    # types.UnionType is pickled as functools.reduce(operator.or_, args).
    del view, node
    return list(zip((SAME, ".__args__"), arguments, strict=False))


@lens(
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.ma.core._mareconstruct",
)
def _array(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments[:1]]


@lens(
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    table=STATES,
)
def _array_state(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    """State of an array: version, shape, dtype, order, data (bytes, or a list of objects)."""
    del node
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
def _joblib_array(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    """State of what joblib puts in an array's place: its facts are the array's own."""
    del node
    labels = {".subclass": SAME, ".dtype": ".dtype", ".shape": ".shape"}
    members = view.attributes(state[0])
    edges: list[Edge] = [(labels.get(label, HIDDEN), value) for label, value in members]
    return [*edges, (HIDDEN, state[0])]


@lens("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
def _scalar(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((".dtype", SAME), arguments, strict=False))


@lens("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")
def _from_buffer(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((SAME, ".dtype", ".shape", HIDDEN), arguments, strict=False))


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


@lens("numpy.random._pickle.__bit_generator_ctor")
def _bit_generator(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments[:1]]


@lens("numpy.random.bit_generator.__pyx_unpickle_SeedSequence")
def _seeds(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments[:1]]


@lens("numpy.random.bit_generator.__pyx_unpickle_SeedSequence", table=STATES)
def _seeds_state(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    """State of a seed sequence: its fields by name, in alphabetical order."""
    del node
    names = (".entropy", ".n_children_spawned", ".pool", ".pool_size", ".spawn_key")
    parts = view.graph.children(state[0])
    return [*zip(names, parts, strict=False), (HIDDEN, state[0])]


@lens("numpy.ma.core._mareconstruct", table=STATES)
def _masked_state(view: View, node: int, state: Sequence[int]) -> list[Edge]:
    """State of a masked array: that of an array, its mask as bytes, and what fills it."""
    del node
    parts = view.graph.children(state[0])
    # Loading makes a value of none.
    is_filled = bool(parts) and view.graph.kinds[parts[-1]] != ord("N")
    last = "._fill_value" if is_filled else HIDDEN
    labels = (HIDDEN, ".shape", ".dtype", HIDDEN, HIDDEN, HIDDEN, last)
    return [*zip(labels, parts, strict=False), (HIDDEN, state[0])]


@lens("numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor")
def _random(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    label = "._bit_generator" if "randomstate" in view.callee(node) else ".bit_generator"
    return [(label, argument) for argument in arguments[:1]]


@lens("torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3")
def _tensor(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return [(SAME, argument) for argument in arguments[:1]]


@lens("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")
def _parameter(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    del view, node
    return list(zip((".data", ".requires_grad"), arguments, strict=False))


@lens("dill:_create_filehandle")
def _file(view: View, node: int, arguments: Sequence[int]) -> list[Edge]:
    """File sent by dill: name, mode, position, closed, open function, and how to treat it."""
    del view, node
    names = (".name", ".mode", SAME, ".closed", SAME)
    return list(zip(names, arguments, strict=False))
