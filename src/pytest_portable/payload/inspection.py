"""Everything that can be known about a payload without loading it."""

from __future__ import annotations

import io
import itertools
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import Final, NamedTuple, TypeVar

from pytest_portable.errors import PayloadError
from pytest_portable.host_modules import distribution_of
from pytest_portable.payload import opcodes as op
from pytest_portable.payload.bytecode import CodeSent, find_code
from pytest_portable.payload.graph import read
from pytest_portable.payload.packages import PackageSent, find_packages
from pytest_portable.payload.paths import Paths
from pytest_portable.payload.prescan import may_carry_code
from pytest_portable.payload.references import Reference, find_references
from pytest_portable.payload.sizes import Nested, Size, find_nested, weigh

__all__ = [
    "Inspection",
    "PlacedOpcode",
    "blame",
    "disassemble",
    "inspect_payload",
    "may_carry_code",
]

_Row = TypeVar("_Row")

_MAX_DEPTH: Final = 4
_MAX_NESTED: Final = 20
_SYSTEM_BOUND: Final = {"PosixPath": "POSIX", "WindowsPath": "Windows"}
_CARRIER: Final = b"modulepickle"
_DEVICE_SIGN: Final = re.compile(rb"cuda:\d+|mps:\d+")


@dataclass(frozen=True)
class Inspection:
    """What a payload needs, holds and is bound to.

    Attributes:
        references: globals and modules it names or defines, with the paths that lead to them.
        requirements: distributions it needs, at the host's versions.
        code: functions and classes that travel inside it.
        sizes: bytes by path, biggest first.
        filled_by: the paths that fill it, biggest first: unlike in `sizes`, what only holds one
            of them is left out.
        packages: import packages that travel inside it as archives (modulepickle).
        nested: payloads inside it, by path.
        bound_to: what it needs to be the same: `python`, `system`, `device`, each None where free.
        protocol: pickle protocol.
        payload_bytes: its length.
        damaged: offset at which it could not be read further, or None.
    """

    references: tuple[Reference, ...]
    requirements: tuple[str, ...]
    code: tuple[CodeSent, ...]
    sizes: tuple[Size, ...]
    nested: tuple[tuple[str, Inspection], ...]
    bound_to: Mapping[str, str | None]
    protocol: int
    payload_bytes: int
    damaged: int | None = None
    filled_by: tuple[Size, ...] = ()
    packages: tuple[PackageSent, ...] = ()

    def with_versions(self, versions: Mapping[str, str]) -> Inspection:
        """Return the same with other versions than the host's.

        Args:
            versions: of who dumped it, by name; a distribution that is not among them has none.
        """
        from packaging.utils import canonicalize_name  # noqa: PLC0415 - most keep the versions

        known = {canonicalize_name(name): version for name, version in versions.items()}
        names = [line.partition("==")[0] for line in self.requirements]
        pinned = ((name, known.get(canonicalize_name(name))) for name in names)
        return replace(
            self,
            requirements=tuple(
                f"{name}=={version}" if version else name for name, version in pinned
            ),
            nested=tuple((path, inner.with_versions(versions)) for path, inner in self.nested),
        )

    def __str__(self) -> str:
        """Return the tree as text."""
        from pytest_portable.report.inspection import (  # noqa: PLC0415 - most stay data
            render_inspection,
        )

        return render_inspection(self.to_dict())

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {
            "references": [reference.to_dict() for reference in self.references],
            "requirements": list(self.requirements),
            "code": [code.to_dict() for code in self.code],
            "sizes": [size.to_dict() for size in self.sizes],
            "filled_by": [size.to_dict() for size in self.filled_by],
            "nested": [{"path": path, **inner.to_dict()} for path, inner in self.nested],
            "bound_to": dict(self.bound_to),
            "packages": [package.to_dict() for package in self.packages],
            "protocol": self.protocol,
            "payload_bytes": self.payload_bytes,
            "damaged": self.damaged,
        }


def blame(data: bytes, offset: int, *, root: str = "obj") -> str:
    """Return the expression for what the opcode at an offset builds, where a load failed.

    Args:
        data: the payload.
        offset: first byte of the opcode, from the start of the payload.
        root: name of the whole object in the expression.
    """
    paths = Paths(read(data, partial=True), root=root)
    return (
        paths.path(_outside_sets(paths, paths.graph.node_at(offset))) if len(paths.graph) else root
    )


def _outside_sets(paths: Paths, node: int) -> int:
    """Return the outermost set that holds a node; sets are ordered differently in every process."""
    found = node
    while 0 <= (parent := paths.parents[node]) != node:
        if paths.graph.kind(parent) in {"set", "frozenset"}:
            found = parent
        node = parent
    return found


class PlacedOpcode(NamedTuple):
    """One opcode of a payload: where it is, and what it builds."""

    offset: int
    opcode: str
    argument: object
    path: str


def disassemble(data: bytes, *, root: str = "obj") -> Iterator[PlacedOpcode]:
    """Yield a payload's opcodes with the paths of what they build.

    Raw bytes of arrays between the opcodes are left out.

    Raises:
        PayloadError: the bytes end or make no sense, after the steps before that were yielded.
    """
    import pickletools  # noqa: PLC0415 - 3,000 lines, for people who read opcodes

    paths = Paths(read(data, partial=True), root=root)
    raw, stream, end = dict(paths.graph.raw), io.BytesIO(data), paths.graph.end
    try:
        # An array of objects is a pickle inside the stream, with its own STOP.
        while stream.tell() < (len(data) if paths.graph.damaged is not None else end):
            for opcode, argument, position in _quietly(pickletools.genops(stream)):
                offset = position or 0
                yield PlacedOpcode(offset, opcode.name, argument, paths.path_at(offset))
                stream.seek(raw.get(stream.tell(), stream.tell()))
    except ValueError as error:
        raise PayloadError(str(error), paths.graph.damaged or 0) from error


def _quietly(opcodes: Iterator[_Row]) -> Iterator[_Row]:
    """Yield opcodes without the warnings that texts with odd escapes lead to."""
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(opcodes, None)
        if row is None:
            return
        yield row


def inspect_payload(  # noqa: PLR0913 - one keyword for each thing the caller may know
    data: bytes | bytearray | memoryview,
    *,
    root: str = "obj",
    python: tuple[int, int] | None = None,
    distributions: Mapping[str, Sequence[str]] | None = None,
    stdlib: Collection[str] = sys.stdlib_module_names,
    segments: Sequence[tuple[int, int]] | None = None,
    storages: Mapping[str, int] | None = None,
) -> Inspection:
    """Read a payload without importing or executing anything in it.

    Of damaged bytes what could be read is returned, with `damaged` set.

    Args:
        data: the payload.
        root: name of the whole object in paths.
        python: the Python that dumped it, where known.
        distributions: distributions by import name; the host's metadata when not given.
        stdlib: top-level modules of the target's standard library.
        segments: byte ranges that hold opcodes (see `graph.read`).
        storages: bytes outside of the payload that its persistent ids stand for, by key.
    """
    paths = Paths(read(data, segments=segments, partial=True), root=root)
    return _inspect(paths, len(data), python, distributions, stdlib, depth=0, storages=storages)


def _inspect(  # noqa: PLR0913 - what inspect_payload takes, and the depth
    paths: Paths,
    size: int,
    python: tuple[int, int] | None,
    distributions: Mapping[str, Sequence[str]] | None,
    stdlib: Collection[str],
    *,
    depth: int,
    storages: Mapping[str, int] | None = None,
) -> Inspection:
    references = find_references(paths, packages=distributions, stdlib=stdlib)
    code = find_code(paths, python=python)
    nested: list[tuple[str, Inspection]] = []
    inner_payloads = find_nested(paths) if depth < _MAX_DEPTH else iter(())
    for inner in itertools.islice(inner_payloads, _MAX_NESTED):
        inside = Paths(read(inner.data, partial=True), root=_loaded(inner))
        found = _inspect(inside, len(inner.data), python, distributions, stdlib, depth=depth + 1)
        nested.append((inner.path, found))
    sizes, filled_by = weigh(paths, _stored(paths, storages) if storages else None)
    return Inspection(
        references=references,
        requirements=_requirements(references, code, distributions, stdlib),
        code=code,
        sizes=sizes,
        nested=tuple(nested),
        bound_to=_bound_to(paths, references, code),
        protocol=paths.graph.protocol,
        payload_bytes=size,
        damaged=paths.graph.damaged,
        filled_by=filled_by,
        packages=tuple(find_packages(paths)) if _CARRIER in paths.graph.data else (),
    )


def _stored(paths: Paths, storages: Mapping[str, int]) -> dict[int, int]:
    """Return the bytes of the storages that persistent ids name, by node."""
    graph, found, counted = paths.graph, dict[int, int](), set[str]()
    for node, kind in enumerate(graph.kinds):
        if kind == op.BINPERSID:
            parts = [graph.text(part) for part in graph.children(graph.children(node)[0])]
            key = next((part for part in parts[1:] if part in storages), None)
            if key is not None and key not in counted:  # tensors share storages
                counted.add(key)
                found[node] = storages[key]
    return found


def _loaded(inner: Nested) -> str:
    return f"pickle.loads({inner.path})"


def _requirements(
    references: Sequence[Reference],
    code: Sequence[CodeSent],
    distributions: Mapping[str, Sequence[str]] | None,
    stdlib: Collection[str],
) -> tuple[str, ...]:
    names = {
        reference.distribution
        for reference in references
        if reference.distribution and not reference.stdlib
    }
    for module in {name for sent in code for name in sent.imports}:
        if module.partition(".")[0] not in stdlib:
            names.add(distribution_of(module, distributions) or "")
    return tuple(sorted(_pinned(name) for name in names if name))


def _pinned(name: str) -> str:
    try:
        return f"{name}=={metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _bound_to(
    paths: Paths, references: Sequence[Reference], code: Sequence[CodeSent]
) -> Mapping[str, str | None]:
    pythons = sorted({sent.python for sent in code if sent.python})
    systems = {
        _SYSTEM_BOUND[reference.qualname]
        for reference in references
        if reference.module.startswith("pathlib") and reference.qualname in _SYSTEM_BOUND
    }
    device = None
    if any(reference.module.partition(".")[0] == "torch" for reference in references):
        sign = _DEVICE_SIGN.search(paths.graph.data)
        device = sign[0].decode() if sign else None
    return {
        "python": ", ".join(pythons) or None,
        "system": ", ".join(sorted(systems)) or None,
        "device": device,
    }
