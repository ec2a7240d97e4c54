r"""A graph as lenses see it: callables by their canonical name, arguments, edges.

An edge is a label and a child. A label is what a person writes behind the parent's path
(`.func`, `['k']`), or around it where it holds a `SLOT` (`type(\0)`).
"""

from __future__ import annotations

import _compat_pickle
import builtins
import copyreg
import functools
import keyword
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pytest_portable.agent.in_target.asking import is_kind, named_in
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.nodes import Graph, Name

__all__ = [
    "HIDDEN",
    "LENSES",
    "SAME",
    "SETTERS",
    "SLOT",
    "STATES",
    "TYPE",
    "Edge",
    "Lens",
    "View",
    "attribute",
    "group_of",
    "lens",
    "read_name",
    "type_name",
]

Edge = tuple[str, int]

SLOT: Final = "\0"
SAME: Final = ""  # the child has the parent's path: a reducer's callable, for instance
HIDDEN: Final = "\1"  # like SAME, and used only if no other edge leads to the child
TYPE: Final = f"type({SLOT})"

_MAX_KEY_CHARACTERS: Final = 200
_MAX_KEY_NODES: Final = 20
_MAX_INDIRECTIONS: Final = 8
_TWO: Final = 2
_BUILTINS: Final = frozenset(dir(builtins))


class View:
    """A graph seen through the lenses."""

    def __init__(self, graph: Graph) -> None:
        """Assign the calls whose results were dropped to the nodes that they changed."""
        self.graph = graph
        self.strays: list[int] = []
        self.effects: dict[int, list[int]] = {}
        # Only the latest node's: calls about one node come in a row, and all edges would be many.
        self.latest: tuple[int, list[Edge]] = (-1, [])
        self.latest_members: tuple[int, list[tuple[str, int]]] = (-1, [])
        self.long: dict[int, list[Edge]] = {}
        self._canonical: dict[int, str] = {}
        self._live: dict[int, type | None] = {}
        for call in graph.effects:
            arguments = self.arguments(call)
            if arguments and not op.ATOMS[graph.kinds[arguments[0]]]:
                self.effects.setdefault(arguments[0], []).append(call)
            else:
                self.strays.append(call)

    def keep_edges(self, node: int, edges: list[Edge]) -> None:
        """Keep the edges of the node that was asked for last."""
        self.latest = node, edges

    def keep_members(self, node: int, members: list[tuple[str, int]]) -> None:
        """Keep the members of the definition that was asked for last."""
        self.latest_members = node, members

    def name(self, node: int) -> Name | None:
        """Return the module and qualified name of a global; None for what is no global."""
        names = self.graph.names
        if node not in names:
            names[node] = read_name(self.graph, node)
        return names[node]

    def canonical(self, node: int) -> str:
        """Return the name of a callable in lens tables, whichever way the payload spells it.

        `cloudpickle:` and `dill:` mean any module of those packages, vendored copies included;
        the results of `_builtin_type("CodeType")` and `getattr(x, "y")` have names too.
        """
        if node not in self._canonical:
            self._canonical[node] = self._name_callable(node)
        return self._canonical[node]

    def callee(self, node: int) -> str:
        """Return the canonical name of what a reduce calls; empty for other nodes."""
        if self.graph.kinds[node] != op.REDUCE:
            return ""
        return self.canonical(self.graph.children(node)[0])

    def arguments(self, node: int) -> Sequence[int]:
        """Return the positional arguments of a reduce or a new object."""
        graph = self.graph
        kind = graph.kinds[node]
        children = graph.children(node)
        if kind in (op.REDUCE, op.NEWOBJ, op.NEWOBJ_EX):
            return graph.children(children[1]) if graph.kinds[children[1]] == op.TUPLE else ()
        return children[1:] if kind == op.OBJ else children

    def class_of(self, node: int) -> int:
        """Return the node of an instance's class or of the callable that made it; -1 for none."""
        kinds, children = self.graph.kinds, self.graph.children(node)
        if kinds[node] in (op.REDUCE, op.NEWOBJ, op.NEWOBJ_EX, op.OBJ) and children:
            return children[0]
        return node if kinds[node] == op.INST else -1

    def live_class(self, node: int) -> type | None:
        """Return the class that a global names, if its module is loaded; nothing is imported."""
        if node not in self._live:
            self._live[node] = self._find_live(node)
        return self._live[node]

    def _find_live(self, node: int) -> type | None:
        name = self.name(node)
        found = named_in(*name) if name else None  # a module's `__getattr__` could import something
        return found if is_kind(found, type) else None

    def key(self, node: int, index: int) -> str:
        """Return the label of a value by its key, `['k']`, or by position if it has no literal."""
        text = self._literal(node)
        return f"list({SLOT}.values())[{index}]" if text is None else f"[{text}]"

    def _literal(self, node: int) -> str | None:
        graph = self.graph
        if graph.kinds[node] == op.TUPLE:
            parts = [self._leaf_literal(part) for part in graph.children(node)[:_MAX_KEY_NODES]]
            if None in parts or len(graph.children(node)) > _MAX_KEY_NODES:
                return None
            inner = ", ".join(filter(None, parts))
            return f"({inner},)" if len(parts) == 1 else f"({inner})"
        return self._leaf_literal(node)

    def _leaf_literal(self, node: int) -> str | None:
        code = self.graph.kinds[node]
        if not op.ATOMS[code] or code in (op.PERSID, op.NEXT_BUFFER, 0x96):
            return None
        value = self.graph.value(node)
        if value is None and code != ord("N"):
            return None
        if isinstance(value, float) and not math.isfinite(value):
            return None
        text = repr(value)
        return text if len(text) <= _MAX_KEY_CHARACTERS else None

    def _name_callable(self, node: int) -> str:
        suffix = ""
        for _ in range(_MAX_INDIRECTIONS):
            name = self.name(node)
            if name:
                group = group_of(name[0])
                return (f"{group}:{name[1]}" if group else ".".join(name)) + suffix
            maker = self.name(self.graph.children(node)[0]) if self._is_call(node) else None
            texts = [self.graph.text(argument) or "" for argument in self.arguments(node)]
            known = self._named_by_text(maker[1], texts) if maker else ""
            if known or not maker or maker[1] not in ("getattr", "_get_attr") or len(texts) < _TWO:
                return known + suffix if known else ""
            node, suffix = self.arguments(node)[0], f".{texts[1]}{suffix}"
        return ""

    def _is_call(self, node: int) -> bool:
        return self.graph.kinds[node] == op.REDUCE

    @staticmethod
    def _named_by_text(maker: str, texts: Sequence[str]) -> str:
        """Return the built-in that a serializer's own function returns for a name."""
        if maker in ("_builtin_type", "_load_type") and texts:
            return type_name(texts[-1])
        if maker in ("subimport", "_import_module") and texts:
            return texts[0]
        # dill looks these up on itself, for Pythons that lacked them.
        shim = maker == "getattr" and len(texts) > 1 and texts[1] in ("_setattr", "_delattr")
        return f"builtins.{texts[1][1:]}" if shim else ""

    def attributes(self, node: int) -> Iterator[Edge]:
        """Yield the values of a dict as attributes."""
        text = self.graph.text
        for index, (key, value) in enumerate(self.graph.key_values(node)):
            name = text(key)
            yield (f".__dict__{self.key(key, index)}" if name is None else attribute(name)), value


# A lens gets the view, the node of the call and its arguments; it returns edges of the result.
Lens = Callable[[View, int, Sequence[int]], list[Edge]]

# Lenses of calls, by the canonical name of the callable.
LENSES: dict[str, Lens] = {}
# Lenses of calls that change their first argument (state setters): edges of that argument.
SETTERS: dict[str, Lens] = {}
# Lenses of the state that BUILD sets on a callable's result; the state is the only argument.
STATES: dict[str, Lens] = {}


def lens(*names: str, table: dict[str, Lens] = LENSES) -> Callable[[Lens], Lens]:
    """Register a lens for callables by their canonical names.

    Example:
        >>> @lens("mylib.rebuild")
        ... def rebuilt(view, node, arguments):
        ...     return [(".source", arguments[0])]
    """

    def register(function: Lens) -> Lens:
        table.update(dict.fromkeys(names, function))
        return function

    return register


@functools.lru_cache(maxsize=4096)
def attribute(name: str) -> str:
    """Return the label of an attribute; in `__dict__` where the name is no identifier."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return f".{name}"
    return f".__dict__[{name!r}]"


def type_name(short: str) -> str:
    """Return the dotted name of a type that cloudpickle and dill call by a short name."""
    if short == "PartialType":
        return "functools.partial"
    return f"builtins.{short}" if short in _BUILTINS else f"types.{short}"


def group_of(module: str) -> str:
    """Return the serializer a module belongs to (vendored copies included), or an empty text."""
    parts = module.split(".")
    for group in ("cloudpickle", "dill"):
        if group in parts or f"{group}_fast" in parts:
            return group
    return ""


def read_name(graph: Graph, node: int) -> Name | None:
    """Return the module and qualified name that a global's opcode holds."""
    code = graph.kinds[node]
    if code in (op.GLOBAL, op.INST):
        start = graph.offsets[node]
        lines = graph.data[start + 1 : op.opcode_end(graph.data, start) - 1]
        module, _, name = lines.decode("utf-8", "replace").partition("\n")
        return _modern(graph, module, name)
    if code == op.STACK_GLOBAL:
        module_node, name_node = graph.children(node)
        found = graph.text(module_node), graph.text(name_node)
        return None if found[0] is None or found[1] is None else (found[0], found[1])
    return _extension(graph, node) if code in op.EXTENSIONS else None


def _modern(graph: Graph, module: str, name: str) -> Name:
    """Return Python 3's name for a Python 2 name, which protocols 0 to 2 write."""
    if module == "__builtin__" and name == "__main__":  # dill: the dict of the main module
        return "__main__", "__dict__"
    if graph.protocol < 3 or module == "__builtin__":  # noqa: PLR2004 - Python 3's first
        if (module, name) in _compat_pickle.NAME_MAPPING:
            return _compat_pickle.NAME_MAPPING[module, name]
        module = _compat_pickle.IMPORT_MAPPING.get(module, module)
    return module, name


def _extension(graph: Graph, node: int) -> Name:
    start = graph.offsets[node]
    code = int.from_bytes(graph.data[start + 1 : op.opcode_end(graph.data, start)], "little")
    registry: dict[int, Name] = getattr(copyreg, "_inverted_registry", {})
    return registry.get(code, ("copyreg", f"extension code {code}"))
