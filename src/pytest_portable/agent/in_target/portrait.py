"""A portrait: what an object is, as plain data that two processes can compare without loading it.

This file is sent as source and run in targets, and run here as well, so that the same code draws
both sides: Python 3.8 syntax, standard library only.

A portrait is a list of nodes, the object first. A node is `[type, kind, ...]`, its parts are
numbers of other nodes, so that cycles, sharing and depth need no recursion:
`[type, "=", text]` a leaf; `[type, "text", head, length, sha256]` a long text or bytes;
`[type, "list", parts]`; `[type, "set", parts]`; `[type, "map", [[key, part], ...]]`;
`[type, "array", dtype, shape, sha256, values or null]`; `[type, "name", dotted name]` what is sent
by name; `[type, "object", made by, arguments, [[attribute, part], ...], parts, pairs]`;
`[type, "opaque", why]`; `[type, "raised", message, classes]` for a probe that raised: its class and
the bases of that. The number -1 is a part beyond the limit.

Types are written as top-level package and qualified name, because releases move classes between
submodules: `numpy.core` and `numpy._core`, `pathlib` and `pathlib._local`.
"""

from __future__ import annotations

import hashlib
import json
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MAX_NODES", "draw", "portray"]

MAX_NODES = 20_000
MAX_DRAWN_TEXT = 200
MAX_VALUES = 64
# State about the release that wrote it, not about the object.
PROVENANCE = frozenset({"_sklearn_version"})


def name_of(kind: type) -> str:
    """Return the top-level package and the qualified name of a class."""
    return str(kind.__module__).partition(".")[0] + "." + str(kind.__qualname__)


class Drawing:
    """Draws one portrait, with a queue instead of recursion."""

    def __init__(self) -> None:
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
            try:
                self.nodes[place] = self.node(value)
            except Exception as error:
                why = type(error).__name__ + ": " + str(error)[:MAX_DRAWN_TEXT]
                self.nodes[place] = [name_of(type(value)), "opaque", why]
        return self.nodes

    def node(self, value: Any) -> list[Any]:
        """Draw one object."""
        kind = type(value)
        name = name_of(kind)
        if value is None or kind in (bool, int, complex) or value is Ellipsis:
            return [name, "=", repr(value)]
        if kind is float:
            return [name, "=", repr(value)]
        if kind in (str, bytes, bytearray):
            return text_node(name, value)
        if kind in (list, tuple):
            return [name, "list", [self.number(part) for part in value]]
        if kind in (set, frozenset):
            return [name, "set", [self.number(part) for part in in_order(value)]]
        if kind is dict:
            return [name, "map", self.pairs(value.items())]
        if isinstance(value, type):
            return [name, "name", name_of(value)]
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)):
            return [name, "name", str(value.__qualname__)]
        if isinstance(value, types.ModuleType):
            return [name, "name", value.__name__]
        return self.foreign(name, value)

    def pairs(self, items: Any) -> list[list[int]]:
        """Draw keys and values."""
        return [[self.number(key), self.number(part)] for key, part in items]

    def foreign(self, name: str, value: Any) -> list[Any]:
        """Draw arrays and tables by their contents, other objects by what they reduce to."""
        package = name.partition(".")[0]
        if package == "numpy" and hasattr(value, "tobytes") and hasattr(value, "shape"):
            return array_node(name, value)
        if package == "numpy" and type(value).__module__.startswith("numpy.random"):
            # Their reducers change between releases, the numbers that they produce next do not.
            source = getattr(value, "bit_generator", value)
            return [name, "map", self.pairs([("state", source.state)])]
        if package == "pandas" and hasattr(value, "columns") and hasattr(value, "items"):
            items = [("index", value.index), *((str(key), part) for key, part in value.items())]
            return [name, "map", self.pairs(items)]
        if package == "pandas" and hasattr(value, "to_numpy"):
            parts = [list(value.to_numpy().tolist()), str(value.dtype)]
            return [name, "list", [self.number(part) for part in parts]]
        return self.reduced(name, value)

    def reduced(self, name: str, value: Any) -> list[Any]:
        """Draw what an object reduces to."""
        found = value.__reduce_ex__(4)
        if isinstance(found, str):
            return [name, "name", found]
        parts = [*found, None, None, None, None]
        made, arguments, state, items, pairs = parts[:5]
        # The default reducers name the class again, which the node has already.
        arguments = tuple(part for part in arguments if part is not type(value))
        return [
            name,
            "object",
            str(getattr(made, "__name__", made)),
            [self.number(part) for part in arguments],
            [[key, self.number(part)] for key, part in attributes(state)],
            [self.number(part) for part in items or ()],
            self.pairs(pairs or ()),
        ]


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


def text_node(name: str, value: Any) -> list[Any]:
    """Draw a text or bytes; a long one as head and hash."""
    if len(value) <= MAX_DRAWN_TEXT:
        return [name, "=", repr(value)]
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
    return [name, "text", repr(value[:40]), len(value), hashlib.sha256(data).hexdigest()]


def array_node(name: str, value: Any) -> list[Any]:
    """Draw an array or scalar of NumPy: values where they are few."""
    import numpy as np

    array = np.ascontiguousarray(value)
    values = None
    if array.dtype.kind in "biufUSc" and array.size <= MAX_VALUES:
        values = [repr(one) for one in array.ravel().tolist()]
    data = repr(array.tolist()).encode() if array.dtype.hasobject else array.tobytes()
    digest = hashlib.sha256(data).hexdigest()
    return [name, "array", array.dtype.str, list(value.shape), digest, values]


def in_order(values: Any) -> list[Any]:
    """Return the members of a set in an order that does not depend on the process."""
    return sorted(values, key=lambda part: (name_of(type(part)), json.dumps(draw(part))))


def draw(value: object) -> list[list[Any]]:
    """Return the portrait of an object."""
    drawing = Drawing()
    drawing.number(value)
    return drawing.finish()


def portray(obj: object, probes: Any = (), names: Any = None) -> str:
    """Return, as JSON, the portraits of an object and of the results of its probes.

    Args:
        obj: the object that was sent.
        probes: `label`, `mode`, `source` and `name` of each, as the agent takes them.
        names: what the probes see beside `obj`.
    """
    found: dict[str, Any] = {"object": draw(obj)}
    for probe in probes:
        try:
            found[probe["label"]] = draw(value_of(probe, obj, names or {}))
        except BaseException as error:
            text = str(error)[:MAX_DRAWN_TEXT]
            bases = [name_of(kind) for kind in type(error).__mro__]
            found[probe["label"]] = [[name_of(type(error)), "raised", text, bases]]
    return json.dumps(found)


def value_of(probe: Any, obj: object, names: Any) -> object:
    """Evaluate a probe."""
    scope: dict[str, Any] = {"__name__": "__probe__", "__builtins__": __builtins__}
    if probe["mode"] == "expression":
        scope.update(names, obj=obj)
        return eval(compile(probe["source"], "<probe>", "eval", dont_inherit=True), scope)
    exec(compile(probe["source"], "<probe>", "exec", dont_inherit=True), scope)
    return scope[probe["name"]](obj, **names)
