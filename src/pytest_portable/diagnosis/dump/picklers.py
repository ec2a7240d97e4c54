"""Find the pickler that failed, and make its equivalent in pure Python."""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pytest_portable.agent.in_target.asking import is_kind, module_of, read_mro, slot_of
from pytest_portable.interrupts import pass_on

__all__ = ["Flavour", "flavour_of"]

# Methods that a pickler in C calls on its subclass.
_ASKED: Final = ("reducer_override", "persistent_id", "dispatch_table")
# Settings of dill's picklers, by their names in its constructor.
_DILL: Final = ("byref", "fmode", "recurse")
_STOCK: type[Any] = pickle._Pickler  # noqa: SLF001 - not documented, yet dill and joblib use it
# Importing dill puts dill's own functions into the stock pickler's table.
# Source: CPython, `Lib/pickle.py`; dill, `_extend`.
_DISPATCH: Final[Mapping[type, Any]] = {
    type(None): _STOCK.save_none,
    bool: _STOCK.save_bool,
    int: _STOCK.save_long,
    float: _STOCK.save_float,
    bytes: _STOCK.save_bytes,
    bytearray: _STOCK.save_bytearray,
    pickle.PickleBuffer: _STOCK.save_picklebuffer,
    str: _STOCK.save_str,
    tuple: _STOCK.save_tuple,
    list: _STOCK.save_list,
    dict: _STOCK.save_dict,
    set: _STOCK.save_set,
    frozenset: _STOCK.save_frozenset,
    types.FunctionType: _STOCK.save_global,
    type: _STOCK.save_type,
}


@dataclass(frozen=True)
class Flavour:
    """How to make a pure-Python pickler that calls the same reducers.

    Attributes:
        base: a pure-Python pickler class.
        protocol: pickle protocol.
        keywords: further arguments of its constructor.
        model: the pickler in C whose reducers are called, where there is one.
        is_known: whether a pickler was seen at work.
    """

    base: type[Any] = _STOCK
    protocol: int | None = None
    keywords: Mapping[str, object] = field(default_factory=dict)
    model: object = None
    is_known: bool = False

    def make(self, mixin: type[Any], stream: io.BytesIO) -> Any:  # noqa: ANN401 - a class made here
        """Make the pickler, with `mixin` before its class."""
        # dill reads the module of the pickler that calls it.
        body: dict[str, object] = {"__module__": self.base.__module__}
        if self.base is _STOCK:
            body["dispatch"] = _DISPATCH
        kind = type(self.base.__name__, (mixin, self.base), body)
        pickler = kind(stream, self.protocol, **self.keywords)
        for name in _ASKED:
            given = getattr(self.model, name, None)
            if given is not None:
                setattr(pickler, name, given)
        return pickler


def flavour_of(error: BaseException, protocol: int | None) -> Flavour:
    """Return the pickler that raised, from the frames of its exception.

    Args:
        error: what a dump raised; plain pickle leaves no frame.
        protocol: of the dump.
    """
    plain = Flavour(protocol=protocol)
    trace = slot_of(error, "__traceback__")
    while trace is not None:
        pickler = trace.tb_frame.f_locals.get("self")
        if is_kind(pickler, _STOCK):
            return replace(_python(pickler, protocol), is_known=True)
        if is_kind(pickler, pickle.Pickler):
            return replace(_c(pickler, protocol, plain), is_known=True)
        trace = trace.tb_next
    return plain


def _python(pickler: Any, protocol: int | None) -> Flavour:  # noqa: ANN401 - any pickler
    for base in read_mro(type(pickler)):
        if module_of(base).partition(".")[0] == "dill":
            keywords = {name: getattr(pickler, f"_{name}", None) for name in _DILL}
            return Flavour(type(pickler), protocol, keywords)
    # Other picklers have other arguments; they write differently but call the same reducers.
    return Flavour(protocol=protocol, model=pickler)


def _c(pickler: pickle.Pickler, protocol: int | None, plain: Flavour) -> Flavour:
    try:
        # A new one, because the other's memo is half filled.
        model = type(pickler)(io.BytesIO(), protocol)
    except BaseException as error:  # noqa: BLE001 - any constructor
        pass_on(error)
        return plain
    return Flavour(protocol=protocol, model=model)
