"""Import packages that travel inside a payload as archives, the way modulepickle sends them.

Source: modulepickle 0.3, `modulepickle/__init__.py`: `import_compressed(name, package)`, where
the package is an instance with the bytes of a tar in `compressed`.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pytest_portable.payload import opcodes as op
from pytest_portable.payload.bytecode import bytes_of
from pytest_portable.payload.paths import Paths

__all__ = ["PackageSent", "find_packages"]

_IMPORTER: Final = ("modulepickle", "import_compressed")
_MAX_FILES: Final = 200


@dataclass(frozen=True)
class PackageSent:
    """An import package that travels as an archive of its files.

    Attributes:
        name: the module that is imported from it.
        path: expression that leads to that module.
        files: its files, at most 200; empty where the archive cannot be read.
        bytes: length of the archive.
    """

    name: str
    path: str
    files: tuple[str, ...]
    bytes: int

    def to_dict(self) -> dict[str, object]:
        """Return plain data for reports and `--json`."""
        return {**vars(self), "files": list(self.files)}


def find_packages(paths: Paths) -> Iterator[PackageSent]:
    """Find the packages that a payload carries."""
    view, graph = paths.view, paths.graph
    for node in paths.order:
        if graph.kinds[node] != op.REDUCE or view.name(graph.children(node)[0]) != _IMPORTER:
            continue
        name, package = (*view.arguments(node)[:2], -1, -1)[:2]
        if name < 0 or package < 0:
            continue
        archive = b""
        for state in graph.states.get(package, ()):
            place = graph.entries(state).get("compressed", state)
            held = graph.value(place)
            archive = held if isinstance(held, bytes) else bytes_of(paths, place)
        yield PackageSent(
            graph.text(name) or "", paths.path(node), tuple(_names(archive)), len(archive)
        )


def _names(archive: bytes) -> Iterator[str]:
    """Return the names of the files in a tar; nothing is unpacked."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for _ in range(_MAX_FILES):
                member = tar.next()
                if member is None:
                    return
                if member.isfile():
                    yield member.name
    except (tarfile.TarError, ValueError, OSError):
        return
