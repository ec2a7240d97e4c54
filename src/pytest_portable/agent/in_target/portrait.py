"""A portrait: what an object is, as plain data that two processes can compare without loading it.

This file is sent as source and run in targets, and run here as well, so that the same code draws
both sides: Python 3.8 syntax, standard library only.

A portrait is a list of nodes, the object first. A node is `[type, kind, ...]`, its parts are
numbers of other nodes, so that cycles, sharing and depth need no recursion:
`[type, "=", text]` a leaf; `[type, "text", head, length, sha256]` a long text or bytes;
`[type, "list", parts]`; `[type, "set", parts]`; `[type, "map", [[key, part], ...]]`;
`[type, "array", dtype, shape, sha256, values or null]`; `[type, "name", dotted name]` what is sent
by name; `[type, "object", made by, arguments, [[attribute, part], ...], parts, pairs]`;
`[type, "opaque", why, [[attribute, part], ...]]` what refuses to be taken apart;
`[type, "cut", why]` what the time did not allow; `[type, "raised", message, classes]` for a probe
that raised: its class and the bases of that. The number -1 stands for a part beyond the limit.

Behind an object and behind what is opaque stand, where there is something to say, the names that
the instance itself holds (null: those of its state), and those that raise `AttributeError`: first
fields that its class declares, then attributes that objects of the other side hold. A function
that is sent by value has its defaults, attributes and closure behind its name.

Types are written as top-level package and qualified name, because releases move classes between
submodules: `numpy.core` and `numpy._core`, `pathlib` and `pathlib._local`.
"""

from __future__ import annotations

import copyreg
import json
import sys
import time
import types
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MAX_NODES", "draw", "draw_raised", "held_names", "portrait_of"]

MAX_NODES = 20_000
MAX_DRAWN_TEXT = 200
MAX_VALUES = 64
MAX_ROWS = 5_000
MAX_DIGITS = 4_000
# State that says who wrote it, not what it is.
PROVENANCE = frozenset({"_sklearn_version"})
# Of `type` itself: a metaclass may have its own of these names.
OF_TYPE: Any = type.__dict__
NEW_OBJECT = getattr(copyreg, "__newobj__", None)
# What they reduce to differs from one Python to the next; what they say does not.
WRITTEN = frozenset({"pathlib", "fractions"})


def name_of(kind: type) -> str:
    """Return the top-level package and the qualified name of a class."""
    try:
        module = str(OF_TYPE["__module__"].__get__(kind))
    except BaseException:
        module = "?"
    top = module.partition(".")[0]
    if top == "__mp_main__":  # what a spawned process calls the main module
        top = "__main__"
    return top + "." + str(OF_TYPE["__qualname__"].__get__(kind))


class Drawing:
    """One portrait in the making: a queue instead of recursion.

    `wanted` has, by qualified name of a class, the attributes that the other side holds; `end` is
    the time at which drawing stops.
    """

    def __init__(self, wanted: Any = None, end: float | None = None) -> None:
        self.wanted = wanted or {}
        self.end = end
        self.nodes: list[list[Any]] = []
        self.numbers: dict[int, int] = {}
        self.waiting: list[tuple[int, object]] = []
        # Keeps temporary parts alive: a later object could get the identity of a freed one.
        self.kept: list[object] = []

    def number(self, value: object) -> int:
        """Return the number of a part; it is drawn later."""
        known = self.numbers.get(id(value))
        if known is not None:
            return known
        place = len(self.nodes)
        if place >= MAX_NODES:
            return -1
        self.nodes.append([])
        self.numbers[id(value)] = place
        self.kept.append(value)
        self.waiting.append((place, value))
        return place

    def finish(self) -> list[list[Any]]:
        """Draw all parts in the queue."""
        while self.waiting:
            place, value = self.waiting.pop()
            if self.end is not None and time.monotonic() > self.end:
                self.nodes[place] = [name_of(type(value)), "cut", "no time was left"]
                continue
            try:
                self.nodes[place] = self.node(value)
            except BaseException as error:
                self.nodes[place] = self.opaque(value, error)
        return self.nodes

    def node(self, value: Any) -> list[Any]:
        """Draw one object."""
        kind = type(value)
        name = name_of(kind)
        if kind is int:
            return [name, "=", number_text(value)]
        if value is None or kind in (bool, float, complex) or value is Ellipsis:
            return [name, "=", repr(value)]
        if kind in (str, bytes, bytearray):
            return text_node(name, value)
        if kind in (list, tuple):
            return [name, "list", [self.number(part) for part in value]]
        if kind in (set, frozenset):
            return [name, "set", [self.number(part) for part in self.in_order(value)]]
        if kind is dict:
            return [name, "map", self.pairs(value.items())]
        if isinstance(value, type):
            return [name, "name", name_of(value)]
        if isinstance(value, types.FunctionType):
            return self.function(name, value)
        if isinstance(value, types.BuiltinFunctionType) and not is_bound(value):
            return [name, "name", str(value.__qualname__)]
        if isinstance(value, types.ModuleType):
            return [name, "name", value.__name__]
        return self.foreign(name, value)

    def pairs(self, items: Any) -> list[list[int]]:
        """Draw keys and values."""
        return [[self.number(key), self.number(part)] for key, part in items]

    def in_order(self, values: Any) -> list[Any]:
        """Return the members of a set in an order that does not depend on the process."""
        return sorted(values, key=lambda part: (name_of(type(part)), self.order(part)))

    def order(self, part: Any) -> str:
        """Return a text that a member of a set is sorted by."""
        if type(part) in (str, bytes, int, float, bool):
            return repr(part) if type(part) is not int else number_text(part)
        return json.dumps(draw(part, end=self.end))

    def function(self, name: str, value: Any) -> list[Any]:
        """Draw a function by its name; one that no module holds, with what it carries too."""
        text = str(value.__qualname__)
        if "<" not in text:
            return [name, "name", text]
        cells = [cell_contents(cell) for cell in value.__closure__ or ()]
        carried = [value.__defaults__, value.__kwdefaults__, dict(value.__dict__), *cells]
        return [name, "name", text, [self.number(part) for part in carried]]

    def foreign(self, name: str, value: Any) -> list[Any]:
        """Draw what says itself what it holds, other objects by what they reduce to."""
        package = name.partition(".")[0]
        enum: Any = sys.modules.get("enum")
        if enum is not None and isinstance(value, enum.Enum):
            is_flag = isinstance(value, enum.Flag)
            return [name, "=", repr(value._value_) if is_flag else str(value._name_)]
        if package in WRITTEN:
            return [name, "=", str(value)]
        if package in LIBRARIES:
            found: list[Any] | None = LIBRARIES[package](self, name, value)
            if found is not None:
                return found
        return self.reduced(name, value)

    def reduced(self, name: str, value: Any) -> list[Any]:
        """Draw what an object reduces to."""
        kind = type(value)
        reducer = copyreg.dispatch_table.get(kind)
        found = value.__reduce_ex__(4) if reducer is None else reducer(value)
        if isinstance(found, str):
            return [name, "name", found]
        parts = [*found, None, None, None, None]
        made, arguments, state, items, pairs = parts[:5]
        # The default reducers name the class again, which the node tells already.
        arguments = tuple(part for part in arguments if part is not kind)
        if isinstance(value, tuple) and getattr(kind, "_fields", None) and state is None:
            arguments, state = (), held_by(value)
        elif isinstance(value, (set, frozenset)):  # in an order of its own, not of the process
            made, arguments, items = "set", (), self.in_order(value)
        elif isinstance(value, BaseException):
            state = value.__dict__
        elif made is not NEW_OBJECT:  # a reducer of its own may tell less than the object holds
            items, pairs = items or elements_of(value), pairs or items_of(value)
            arguments += value_of(value)
        told = attributes(state)
        return [
            name,
            "object",
            str(getattr(made, "__name__", made)),
            [self.number(part) for part in arguments],
            [[key, self.number(part)] for key, part in told],
            [self.number(part) for part in items or ()],
            self.pairs(pairs or ()),
            *self.holding(value, [key for key, _ in told]),
        ]

    def opaque(self, value: object, error: BaseException) -> list[Any]:
        """Draw what cannot be taken apart: why, and what its instance holds all the same."""
        why = str(OF_TYPE["__name__"].__get__(type(error)))
        parts: list[list[Any]] = []
        try:
            why += ": " + str(error)[:MAX_DRAWN_TEXT]
            parts = [[key, self.number(part)] for key, part in sorted(held_by(value).items())]
            rest = self.holding(value, [key for key, _ in parts])
        except BaseException:
            rest = []
        return [name_of(type(value)), "opaque", why, parts, *rest]

    def holding(self, value: object, told: list[str]) -> list[Any]:
        """Return what an instance holds, where its state does not tell that, and what it lacks."""
        held = sorted(held_by(value))
        kind = type(value)
        fields = set(declared(kind)).difference(held)
        asked = set(self.wanted.get(OF_TYPE["__qualname__"].__get__(kind), ())).difference(
            held, fields
        )
        lacks, others = (
            sorted(name for name in names if is_missing(value, name)) for names in (fields, asked)
        )
        same = held == sorted(told)
        return [] if same and not lacks + others else [None if same else held, lacks, others]


def elements_of(value: Any) -> list[Any]:
    """Return the elements of a subclass of list or tuple."""
    kinds: Any = (list, tuple)
    for base in kinds:
        if isinstance(value, base):
            return list(base.__iter__(value))
    return []


def value_of(value: Any) -> tuple[Any, ...]:
    """Return the text, bytes or number that an instance of a subclass is."""
    kinds: Any = (str, bytes, int, float, complex)
    for base in kinds:
        if isinstance(value, base):
            plain: tuple[Any, ...] = base.__getnewargs__(value)
            return plain[:1]
    return ()


def items_of(value: Any) -> list[Any]:
    """Return the items of a subclass of dict."""
    return list(dict.items(value)) if isinstance(value, dict) else []


def number_text(value: int) -> str:
    """Return an integer as text; Python refuses to write very long ones as decimals."""
    return repr(value) if value.bit_length() < MAX_DIGITS else hex(value)


def cell_contents(cell: Any) -> Any:
    """Return what a closure holds; an empty cell holds nothing."""
    try:
        return cell.cell_contents
    except ValueError:
        return Ellipsis


def is_bound(value: Any) -> bool:
    """Return whether a built-in function is a method of an instance."""
    return not isinstance(value.__self__, (type(None), type, types.ModuleType))


def held_by(value: object) -> dict[str, Any]:
    """Return what an instance holds in `__dict__` and slots, past any `__getattribute__`."""
    found: dict[str, Any] = {}
    fields = getattr(type(value), "_fields", None)
    if isinstance(value, tuple) and isinstance(fields, tuple):
        found.update(zip(map(str, fields), tuple.__iter__(value)))
    try:
        own = object.__getattribute__(value, "__dict__")
        if isinstance(own, dict):
            found.update((str(name), part) for name, part in dict.items(own))
    except BaseException:
        pass
    for name in slots_of_class(type(value)):
        try:
            found[name] = object.__getattribute__(value, name)
        except BaseException:  # it was not set
            pass
    return found


def slots_of_class(kind: type) -> list[str]:
    """Return the slots of a class and its bases, names mangled as the compiler does."""
    names = []
    for base in type.__dict__["__mro__"].__get__(kind):
        slots = OF_TYPE["__dict__"].__get__(base).get("__slots__", ())
        for name in (slots,) if type(slots) is str else tuple(slots):
            hidden = name.startswith("__") and not name.endswith("__")
            stem = base.__name__.lstrip("_")
            if name not in ("__dict__", "__weakref__"):
                names.append("_" + stem + name if hidden and stem else name)
    return names


def declared(kind: Any) -> list[str]:
    """Return the fields that a class says its instances have."""
    names = list(slots_of_class(kind))
    try:
        fields = getattr(kind, "__dataclass_fields__", None) or {}
        names += [
            name
            for name, field in fields.items()
            if getattr(getattr(field, "_field_type", None), "name", "_FIELD") == "_FIELD"
        ]
        names += [str(field.name) for field in getattr(kind, "__attrs_attrs__", None) or ()]
        for key in ("__pydantic_fields__", "__fields__"):
            fields = kind.__dict__.get(key)
            if isinstance(fields, dict):
                names += map(str, fields)
                break
    except BaseException:  # whatever an attribute of that name is
        pass
    return names


def is_missing(value: object, name: str) -> bool:
    """Return whether an attribute cannot be read by its name."""
    try:
        getattr(value, name)
    except AttributeError:
        return True
    except BaseException:
        return False
    return False


def attributes(state: Any) -> list[tuple[str, Any]]:
    """Return the attributes of a state: a dict, a dict and slots, or something else."""
    if state is None:
        return []
    found: list[tuple[str, Any]] = []
    sides = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    if not all(side is None or isinstance(side, dict) for side in sides):
        return [("", state)]
    for side in sides:
        found += (side or {}).items()
    return sorted(
        ((str(name), part) for name, part in found if name not in PROVENANCE),
        key=lambda pair: pair[0],
    )


def digest_of(data: Any) -> str:
    """Return the SHA-256 of some bytes; nothing is copied."""
    import hashlib

    return hashlib.sha256(memoryview(data)).hexdigest()


def text_node(name: str, value: Any) -> list[Any]:
    """Draw a text or bytes; a long one as head and hash."""
    if len(value) <= MAX_DRAWN_TEXT:
        return [name, "=", repr(value)]
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return [name, "text", repr(value[:40]), len(value), digest_of(data)]


# Libraries whose reducers change between releases, or whose state is bytes of their own


def array_node(drawing: Drawing, name: str, value: Any) -> list[Any]:
    """Draw an array or scalar of NumPy: values where they are few."""
    import numpy as np

    array = np.ascontiguousarray(value)
    if array.dtype.hasobject or array.dtype.kind == "T":  # pointers; the objects are what it holds
        parts = [list(value.shape), str(array.dtype), array.ravel().tolist()]
        return [name, "list", [drawing.number(part) for part in parts]]
    values = None
    if array.dtype.kind in "biufUSc" and array.size <= MAX_VALUES:
        values = [repr(one) for one in array.ravel().tolist()]
    flat = array.reshape(-1)
    data: Any = flat.view(np.uint8) if array.nbytes else b""  # hashed where it lies
    dtype = str(array.dtype) if array.dtype.names else array.dtype.str
    return [name, "array", dtype, list(value.shape), digest_of(data), values]


def of_numpy(drawing: Drawing, name: str, value: Any) -> list[Any] | None:
    """Draw arrays, generators and dtypes."""
    module = type(value).__module__
    if module.startswith("numpy.random"):
        # What they will give next does not change.
        source = getattr(value, "bit_generator", value)
        state = source.state if hasattr(source, "state") else source.get_state(legacy=False)
        return [name, "map", drawing.pairs([("state", state)])]
    if hasattr(value, "mask") and hasattr(value, "filled"):
        parts = [("data", value.data), ("mask", value.mask), ("fill_value", value.fill_value)]
        return [name, "map", drawing.pairs(parts)]
    if hasattr(value, "tobytes") and hasattr(value, "shape"):
        return array_node(drawing, name, value)
    return [name, "=", str(value)] if hasattr(value, "itemsize") else None


def of_pandas(drawing: Drawing, name: str, value: Any) -> list[Any] | None:
    """Draw tables, columns, labels and points in time."""
    if hasattr(value, "columns") and hasattr(value, "items"):
        items = [("index", value.index), *((str(key), part) for key, part in value.items())]
        return [name, "map", drawing.pairs(items)]
    if hasattr(value, "to_numpy") and hasattr(value, "dtype"):
        array = value.to_numpy()
        is_long = array.size > MAX_ROWS and array.dtype.kind in "biufc"
        plain = array if is_long else list(array.tolist())
        label = list(value.names) if hasattr(value, "names") else getattr(value, "name", None)
        parts = [plain, str(value.dtype), label]
        if hasattr(value, "index") and not callable(value.index):
            parts.append(value.index)
        return [name, "list", [drawing.number(part) for part in parts]]
    if hasattr(value, "isoformat"):
        return [name, "=", value.isoformat() + " " + str(getattr(value, "tz", None) or "")]
    return None


def of_rows(drawing: Drawing, name: str, value: Any) -> list[Any] | None:
    """Draw what polars and pyarrow hold: its type, how long it is, and its first rows."""
    if not hasattr(value, "slice") or not hasattr(value, "__len__"):
        return None
    first = value.slice(0, MAX_ROWS)
    if hasattr(first, "rows"):
        rows = first.rows()
    elif hasattr(first, "to_pylist"):
        rows = first.to_pylist()
    else:
        rows = first.to_list()
    kind = value.schema if hasattr(value, "schema") else getattr(value, "dtype", None)
    parts = [len(value), str(getattr(value, "type", kind)), getattr(value, "name", None), rows]
    numbers = [drawing.number(part) for part in parts]
    return [name, "list", numbers + ([-1] if len(value) > MAX_ROWS else [])]


def of_torch(drawing: Drawing, name: str, value: Any) -> list[Any] | None:
    """Draw tensors by their values."""
    if not hasattr(value, "detach") or not hasattr(value, "requires_grad"):
        return None
    try:
        array = value.detach().cpu().numpy()
    except BaseException:  # sparse ones, and types that NumPy does not know
        return None
    parts = [("data", array), ("requires_grad", value.requires_grad)]
    return [name, "map", drawing.pairs(parts)]


LIBRARIES: Any = {
    "numpy": of_numpy,
    "pandas": of_pandas,
    "polars": of_rows,
    "pyarrow": of_rows,
    "torch": of_torch,
}


# What both sides call


def draw(value: object, wanted: Any = None, end: float | None = None) -> list[list[Any]]:
    """Return the portrait of an object.

    Args:
        value: what is drawn.
        wanted: by qualified name of a class, the attributes that the other side holds.
        end: by `time.monotonic()`, when to stop.
    """
    drawing = Drawing(wanted, end)
    drawing.number(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of reducers
        return drawing.finish()


def draw_raised(error: BaseException) -> list[list[Any]]:
    """Return the portrait of a probe that raised."""
    try:
        text = str(error)[:MAX_DRAWN_TEXT]
    except BaseException:
        text = ""
    bases = [name_of(kind) for kind in OF_TYPE["__mro__"].__get__(type(error))]
    return [[name_of(type(error)), "raised", text, bases]]


def portrait_of(value: Any, wanted: Any, seconds: float, is_error: bool = False) -> bytes:
    """Return a portrait as JSON, drawn within some seconds; `is_error`: a probe raised it."""
    nodes = draw_raised(value) if is_error else draw(value, wanted, time.monotonic() + seconds)
    return json.dumps(nodes).encode("ascii")


def held_names(nodes: Any) -> dict[str, list[str]]:
    """Return, by qualified name of a class, the attributes that instances in a portrait hold."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        if node and node[1] in ("object", "opaque"):
            place = 7 if node[1] == "object" else 4
            held = node[place] if len(node) > place else None
            told = node[4] if node[1] == "object" else (node[3] if len(node) > 3 else [])
            names = [key for key, _ in told if key] if held is None else held
            found.setdefault(node[0].partition(".")[2], set()).update(names)
    return {name: sorted(names) for name, names in found.items() if names}
