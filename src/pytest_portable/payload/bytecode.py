"""Functions and classes sent by value: the Python they belong to and what they import."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pytest_portable.host_modules import real_file
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.instructions import Code, Scan, python_of, scan
from pytest_portable.payload.lenses.definitions import CLASSES, CODES, FUNCTIONS, code_fields
from pytest_portable.payload.paths import Paths
from pytest_portable.payload.references import members

__all__ = ["CodeSent", "bytes_of", "find_code"]

# Marshalled code belongs to one Python, and its bytes do not say to which.
_MARSHALLED: Final = frozenset(("marshal.loads", "dill:_unmarshal"))
_BUILTINS: Final = frozenset(dir(builtins))
_MODULE_NAMES: Final = frozenset(
    ("__annotations__", "__builtins__", "__doc__", "__file__", "__loader__", "__name__")
) | {"__package__", "__path__", "__spec__", "__module__", "__qualname__"}


@dataclass(frozen=True)
class CodeSent:
    """A function or class that travels inside a payload.

    Attributes:
        path: expression that leads to it.
        name: qualified name it had.
        python: Python it was compiled for, as `"3.11"`; None where the bytes do not show it, and
            for classes (their methods are listed on their own).
        imports: modules its code imports when it runs, nested code included.
        conditional_imports: imports that may fail (`try` ... `except ImportError`).
        missing_globals: global names it reads that neither the payload nor builtins define.
        filename: source file it was compiled from; empty where the payload names none.
        line: first line there.
        kind: `function`, `class` or `code`.
    """

    path: str
    name: str
    python: str | None
    imports: tuple[str, ...] = ()
    conditional_imports: tuple[str, ...] = ()
    missing_globals: tuple[str, ...] = ()
    filename: str = ""
    line: int = 0
    kind: str = "function"

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {key: list(x) if isinstance(x, tuple) else x for key, x in vars(self).items()}


def find_code(paths: Paths, *, python: tuple[int, int] | None = None) -> tuple[CodeSent, ...]:
    """Return what a payload defines, outermost definitions first.

    Args:
        paths: a walked graph.
        python: the Python that dumped the payload, if known; it decides where the bytes do not.
    """
    found = _collect(paths, python)
    pythons = {sent.python for sent in found if sent.python}
    if (
        python is None
        and len(pythons) == 1
        and any(sent.python is None and sent.kind != "class" for sent in found)
    ):
        # One payload comes from one Python: what one code object shows holds for the others.
        major, _, minor = pythons.pop().partition(".")
        found = _collect(paths, (int(major), int(minor)))
    return tuple(found)


def _collect(paths: Paths, python: tuple[int, int] | None) -> list[CodeSent]:
    view, kinds = paths.view, paths.graph.kinds
    found: list[CodeSent] = []
    used: set[int] = set()
    for node in paths.order:
        if kinds[node] != op.REDUCE:
            continue
        callee = view.callee(node)
        if callee in FUNCTIONS:
            found.append(_function(paths, node, python, used))
        elif callee in CLASSES:
            found.append(CodeSent(paths.path(node), _name(paths, node), None, kind="class"))
        elif callee in _MARSHALLED:
            found.append(CodeSent(paths.path(node), "", None, kind="code"))
        elif callee in CODES and node not in used:
            scanned = _scan(paths, node, python, used)
            found.append(_sent(paths, node, scanned, (), "code"))
    return found


def _function(paths: Paths, node: int, python: tuple[int, int] | None, used: set[int]) -> CodeSent:
    sent: set[str] = set()
    code = -1
    known = False
    for label, child in members(paths, node):
        if label == "__globals__":
            known = known or paths.graph.kinds[child] == op.DICT
            sent.update(paths.graph.entries(child))
            sent.update(_set_later(paths, child))
            name = paths.view.name(child)
            if name and name[0] != "__main__":
                # The function's globals are those of an importable module, which has all names.
                return _sent(paths, node, _scan(paths, code, python, used), (), "function")
            known = known or bool(name)
        elif label == "__code__" and code < 0:
            code = child
    scanned = _scan(paths, code, python, used)
    wanted = scanned.names if known else frozenset[str]()
    missing = sorted(wanted - sent - scanned.stored - _BUILTINS - _MODULE_NAMES)
    return _sent(paths, node, scanned, tuple(missing), "function")


def _set_later(paths: Paths, node: int) -> Iterator[str]:
    for call in paths.view.effects.get(node, ()):
        for argument in paths.view.arguments(call)[1:2]:
            yield from paths.graph.entries(argument)


def _name(paths: Paths, node: int) -> str:
    names = {
        label: paths.graph.text(child)
        for label, child in members(paths, node)
        if label in ("__name__", "__qualname__")
    }
    return names.get("__qualname__") or names.get("__name__") or ""


def _sent(paths: Paths, node: int, scanned: Scan, missing: tuple[str, ...], kind: str) -> CodeSent:
    package = _package(paths, node)
    conditional = _absolute(scanned.conditional, package)
    return CodeSent(
        path=paths.path(node),
        name=_name(paths, node) or scanned.name,
        python=scanned.python,
        imports=tuple(sorted(_absolute(scanned.imports, package) - conditional)),
        conditional_imports=tuple(sorted(conditional)),
        missing_globals=missing,
        filename=real_file(scanned.filename),
        line=scanned.line,
        kind=kind,
    )


def _package(paths: Paths, node: int) -> str:
    """Return the package against which a function's relative imports are resolved."""
    module = ""
    for label, child in members(paths, node):
        if label == "__globals__":
            package = paths.graph.entries(child).get("__package__")
            if package is not None and paths.graph.text(package):
                return paths.graph.text(package) or ""
        elif label == "__module__":
            module = module or (paths.graph.text(child) or "")
    return module.rpartition(".")[0]


def _absolute(names: frozenset[str], package: str) -> set[str]:
    """Resolve relative imports; without a package they name nothing that could be found."""
    found = {name for name in names if not name.startswith(".")}
    for name in names - found if package else ():
        rest = name.lstrip(".")
        up = len(name) - len(rest) - 1
        base = package.rsplit(".", up)[0] if up else package
        found.add(f"{base}.{rest}" if rest else base)
    return found


def _scan(paths: Paths, node: int, python: tuple[int, int] | None, used: set[int]) -> Scan:
    """Scan a code object and those nested in its constants."""
    first: Scan | None = None
    total = Scan()
    queue = [node] if node >= 0 else []
    for current in queue:
        if current in used and current != node:
            continue
        used.add(current)
        code = _read(paths, current)
        if code is None:
            continue
        version = python_of(code, python)
        found = scan(code, version)
        first = first or found
        total = total.with_nested(found)
        queue += code.nested
    if first is None:
        return total
    return total.headed_by(first)


def _read(paths: Paths, node: int) -> Code | None:
    view, graph = paths.view, paths.graph
    fields = code_fields(view, node)
    if "consts" not in fields:
        return None
    constants = graph.children(fields["consts"])

    def raw(field: str) -> bytes:
        value = graph.value(fields[field]) if field in fields else b""
        return value if isinstance(value, bytes) else bytes_of(paths, fields.get(field, -1))

    return Code(
        code=raw("code"),
        constants=tuple(graph.value(constant) for constant in constants),
        names=tuple(graph.text(name) or "" for name in graph.children(fields["names"])),
        name=graph.text(fields.get("qualname", fields["name"])) or "",
        filename=graph.text(fields["filename"]) or "",
        line=_number(graph.value(fields["firstlineno"])),
        lines=raw("linetable"),
        exceptions=raw("exceptiontable"),
        arguments=len(fields) - ("lnotab" in fields and "linetable" in fields),
        by_dill_lnotab="lnotab" in fields and "linetable" in fields,
        nested=tuple(constant for constant in constants if code_fields(view, constant)),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def bytes_of(paths: Paths, node: int) -> bytes:
    """Return the bytes as protocols below 3 spell them: `_codecs.encode(text, "latin1")`."""
    if node < 0 or paths.view.callee(node) != "_codecs.encode":
        return b""
    texts = [paths.graph.text(argument) or "" for argument in paths.view.arguments(node)[:1]]
    return "".join(texts).encode("latin-1", "replace")
