"""Lenses of calls whose arguments need only a label each, in the order of the arguments."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Final

from pytest_portable.payload.lenses.view import HIDDEN, LENSES, SAME, SLOT, Edge, View

__all__: list[str] = []

# Names of callables, separated by spaces, and the labels; an argument without a label has no edge.
_LABELS: Final[Mapping[str, Iterable[str]]] = {
    # The standard library. Protocols 0 and 1: class, the built-in base with the value, the value.
    "copyreg._reconstructor": (SAME, HIDDEN, SAME),
    "copyreg.__newobj__ copyreg.__newobj_ex__": repeat(SAME),
    "builtins.bytearray builtins.bytes builtins.dict builtins.list builtins.tuple "
    "builtins.mappingproxy collections.Counter collections.OrderedDict types.MappingProxyType "
    "types.SimpleNamespace": repeat(SAME),
    "builtins.set builtins.frozenset weakref.WeakSet": (f"list({SLOT})",),
    "builtins.classmethod": (".__func__",),  # reading it from its class makes a bound method
    "builtins.staticmethod": (SAME,),  # reading it from its class returns the function itself
    "builtins.property": (".fget", ".fset", ".fdel", ".__doc__"),
    "builtins.slice builtins.range": (".start", ".stop", ".step"),
    "collections.defaultdict": (".default_factory",),
    "collections.deque": (SAME, ".maxlen"),
    "datetime.datetime datetime.time": (SAME, ".tzinfo"),
    "functools.partial functools.partialmethod builtins.map builtins.filter": (".func",),
    # types.UnionType is pickled as functools.reduce(operator.or_, args).
    "functools.reduce _functools.reduce": (SAME, ".__args__"),
    "types.MethodType builtins.method": (".__func__", ".__self__"),
    "weakref.ref dill:_create_weakref": ("()",),
    # cloudpickle and dill. A file of dill's ends with how to treat it, which has no place in it.
    "cloudpickle:_make_skel_func": (".__code__", HIDDEN, HIDDEN),
    "cloudpickle:_make_typevar": (
        ".__name__",
        ".__bound__",
        ".__constraints__",
        ".__covariant__",
        ".__contravariant__",
    ),
    "dill:_create_filehandle": (".name", ".mode", SAME, ".closed", SAME),
    "dill:_create_namedtuple": (
        ".__name__",
        "._fields",
        ".__module__",
        f"list({SLOT}._field_defaults.values())",
    ),
    # NumPy, pandas, PyTorch. The first of the axes that a frame holds are the labels of columns.
    "numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct "
    "numpy.ma.core._mareconstruct": (SAME,),
    "numpy.core.multiarray.scalar numpy._core.multiarray.scalar": (".dtype", SAME),
    "numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer": (
        SAME,
        ".dtype",
        ".shape",
        HIDDEN,
    ),
    "numpy.random._pickle.__bit_generator_ctor": (SAME,),
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": (SAME,),
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": (SAME,),
    "pandas.core.internals.managers.BlockManager": (".blocks", ".axes"),
    "torch._utils._rebuild_parameter torch._utils._rebuild_parameter_with_state": (
        ".data",
        ".requires_grad",
    ),
    "torch._utils._rebuild_tensor_v2 torch._utils._rebuild_tensor_v3": (SAME,),
}


def _label(labels: Iterable[str], _view: View, _node: int, arguments: Sequence[int]) -> list[Edge]:
    return list(zip(labels, arguments, strict=False))


for _names, _labels in _LABELS.items():
    LENSES.update(dict.fromkeys(_names.split(), functools.partial(_label, _labels)))
