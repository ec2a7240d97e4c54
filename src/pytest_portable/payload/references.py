"""Which globals a payload refers to, by which paths, and who provides them."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_portable.host_modules import distribution_of, home_of
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.lenses.definitions import CLASSES, FUNCTIONS, MODULES
from pytest_portable.payload.lenses.edges import edges
from pytest_portable.payload.lenses.view import group_of
from pytest_portable.payload.paths import MAX_PATHS, Paths

__all__ = ["Reference", "find_references", "is_machinery"]

_PAYLOAD: Final = "payload"
_OF_INTEREST: Final = re.compile(
    b"[" + b"".join(re.escape(bytes((code,))) for code in (*op.GLOBALS, op.INST, op.REDUCE)) + b"]"
)
_MACHINERY_MODULES: Final = frozenset(
    ("copyreg", "copy_reg", "_codecs", "joblib.numpy_pickle", "joblib.numpy_pickle_utils")
)


@dataclass(frozen=True)
class Reference:
    """One global or module that a payload names or defines.

    Attributes:
        module: module as the payload names it (Python 2 names turned into today's).
        qualname: qualified name inside the module; empty for the module itself.
        paths: expressions that lead to it, at most `MAX_PATHS`; an instance's class has the
            instance's path.
        by: `reference`, or `value` for what the payload defines itself.
        distribution: the distribution that provides the module on the host, if any.
        stdlib: whether the module belongs to the standard library.
        machinery: whether it is the serializer's own (`cloudpickle.cloudpickle._make_function`):
            needed to load, and not because of the object.
        uses: how often the payload leads there.
        home: where it is here: `standard library`, `distribution`, `__main__`, `test file`,
            `source tree` or `nowhere`; `payload` for what travels by value.
    """

    module: str
    qualname: str
    paths: tuple[str, ...]
    by: str
    distribution: str | None = None
    stdlib: bool = False
    machinery: bool = False
    uses: int = 1
    home: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {**vars(self), "paths": list(self.paths)}


def find_references(
    paths: Paths,
    *,
    packages: Mapping[str, Sequence[str]] | None = None,
    stdlib: Collection[str] = sys.stdlib_module_names,
) -> tuple[Reference, ...]:
    """Return every global of a payload once, in the order of first appearance.

    Args:
        paths: a walked graph.
        packages: distributions by import name; the host's when not given.
        stdlib: top-level modules of the target's standard library.
    """
    found: dict[tuple[str, str, str], list[int]] = {}
    for module, qualname, by, node in _named(paths):
        found.setdefault((module, qualname, by), []).append(node)
    made = []
    for (module, qualname, by), nodes in found.items():
        is_stdlib = module.partition(".")[0] in stdlib
        is_sent = by == "value"
        distribution = None if is_sent else distribution_of(module, packages)
        made.append(
            Reference(
                module,
                qualname,
                _all_paths(paths, nodes),
                by,
                distribution=distribution,
                stdlib=is_stdlib,
                machinery=is_machinery(module),
                uses=sum(paths.uses.get(node, 1) for node in nodes),
                home=_PAYLOAD if is_sent else home_of(module, distribution, is_stdlib=is_stdlib),
            )
        )
    return tuple(made)


def is_machinery(module: str) -> bool:
    """Return whether a module is a serializer's own."""
    return bool(group_of(module)) or module in _MACHINERY_MODULES


def _all_paths(paths: Paths, nodes: Sequence[int]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for node in nodes[:MAX_PATHS]:
        found.update(dict.fromkeys(paths.paths(node)))
    return tuple(found)[:MAX_PATHS]


def _named(paths: Paths) -> Iterator[tuple[str, str, str, int]]:
    view, graph = paths.view, paths.graph
    for match in _OF_INTEREST.finditer(graph.kinds):
        node = match.start()
        if graph.kinds[node] != op.REDUCE:
            name = view.name(node)
            if name is not None:
                yield (*name, "reference", node)
            continue
        callee = view.callee(node)
        if callee in MODULES:
            yield from _module(paths, node)
        elif callee in ("cloudpickle:_builtin_type", "dill:_load_type"):
            module, _, qualname = view.canonical(node).rpartition(".")
            yield module, qualname, "reference", node
        elif callee in ("builtins.getattr", "dill:_get_attr"):
            yield from _attribute_of_module(paths, node)
        elif callee in CLASSES or callee in FUNCTIONS:
            module, qualname = _definition(paths, node)
            yield module, qualname, "value", node


def _module(paths: Paths, node: int) -> Iterator[tuple[str, str, str, int]]:
    view = paths.view
    arguments = view.arguments(node)
    name = view.graph.text(arguments[0]) if arguments else None
    if name is not None:
        sent = view.callee(node) in ("cloudpickle:dynamic_subimport", "types.ModuleType")
        runtime = name.startswith("__runtime__.")  # dill: a module that was never imported
        name = name.removeprefix("__runtime__.")
        yield name, "", ("value" if sent or runtime else "reference"), node


def _attribute_of_module(paths: Paths, node: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield a global spelt as `getattr(module, name)`: type variables, attributes of built-ins."""
    view = paths.view
    owner, name = (*view.arguments(node)[:2], -1, -1)[:2]
    if owner >= 0 and name >= 0 and view.callee(owner) in MODULES:
        for module, _, by, _ in _module(paths, owner):
            yield module, view.graph.text(name) or "", by, node


def _definition(paths: Paths, node: int) -> tuple[str, str]:
    """Return the module and qualified name that a definition in the payload has."""
    view = paths.view
    arguments, callee = view.arguments(node), view.callee(node)
    found = {"__name__": "", "__qualname__": "", "__module__": ""}
    places = {"cloudpickle:_make_skeleton_class": 1, "dill:_create_type": 1}
    place = 2 if callee in FUNCTIONS else places.get(callee, 0)
    if callee == "cloudpickle:_make_skeleton_enum":
        place = 1
        found["__qualname__"] = _text(paths, arguments[2:3])
        found["__module__"] = _text(paths, arguments[4:5])
    elif callee == "dill:_create_namedtuple":
        found["__module__"] = _text(paths, arguments[2:3])
    found["__name__"] = _text(paths, arguments[place : place + 1])
    for label, child in members(paths, node):
        if label in found and not found[label]:
            found[label] = view.graph.text(child) or ""
    return found["__module__"], found["__qualname__"] or found["__name__"]


def members(paths: Paths, node: int) -> list[tuple[str, int]]:
    """Return the attributes of a definition by name, from its call, state and setters."""
    view = paths.view
    if view.latest_members[0] != node:
        view.keep_members(node, list(_members(paths, node)))
    return view.latest_members[1]


def _members(paths: Paths, node: int) -> Iterator[tuple[str, int]]:
    view = paths.view
    for label, child in edges(view, node):
        if label.startswith(".") and label[1:].isidentifier():
            yield label[1:], child
            if label == ".__globals__":
                name = view.graph.entries(child).get("__name__")
                if name is not None:
                    yield "__module__", name


def _text(paths: Paths, nodes: Sequence[int]) -> str:
    return (paths.graph.text(nodes[0]) or "") if nodes else ""
