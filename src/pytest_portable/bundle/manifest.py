"""The manifest of a bundle: what its payload is and needs, readable without unpickling anything.

A bundle is a directory: `manifest.json`, `payload.bin`, and one `value-NAME.bin` for every value
that its probes see, and `portrait.json`, the object and the results of its probes as plain data
(see `agent.in_target.portrait`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pytest_portable.agent.plain_files import PlainFileError, read_plain
from pytest_portable.bundle.manifest_mistakes import find_mistakes
from pytest_portable.equivalence.portrait_nodes import check_nodes
from pytest_portable.errors import BundleError

__all__ = [
    "MANIFEST",
    "SCHEMA",
    "Bundle",
    "Manifest",
    "find_bundles",
    "read_bundle",
    "write_bundle",
]

SCHEMA: Final = 2
_READ: Final = (1, SCHEMA)
MANIFEST: Final = "manifest.json"
PAYLOAD: Final = "payload.bin"
PORTRAIT: Final = "portrait.json"
MAX_MANIFEST_BYTES: Final = 1 << 26
MAX_FILE_BYTES: Final = 1 << 32


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says.

    Attributes:
        name: of the bundle, also its folder's.
        test: node id that exported it, or empty.
        object: type of what was dumped.
        serializer: name of the serializer that dumped and that loads.
        protocol: pickle protocol, where there is one.
        producer: `python`, `implementation`, `system`, `machine`, and the `distributions` that the
            payload refers to, with their versions.
        environment: what the consumer needs: `python` (or null) and `deps`, credentials cut.
        references: `module`, `qualname` and `by` of every global in the payload.
        files: file -> `bytes` and `sha256`; the payload and the values.
        probes: `label`, `mode`, `source` and `name` of each.
        description: of the object, for people.
        schema: 1 has portraits without what each instance holds and lacks.
    """

    name: str
    test: str
    object: str
    serializer: str
    protocol: int | None
    producer: Mapping[str, Any]
    environment: Mapping[str, Any]
    references: Sequence[Mapping[str, Any]]
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    probes: Sequence[Mapping[str, Any]] = ()
    description: str = ""
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Return the text of the file; it depends on the contents only."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"


@dataclass(frozen=True)
class Bundle:
    """A bundle as it was read: its manifest agrees with its files."""

    folder: Path
    manifest: Manifest
    payload: bytes
    values: Mapping[str, bytes] = field(default_factory=dict)
    portrait: Mapping[str, Any] = field(default_factory=dict)


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "test": (str,),
    "object": (str,),
    "serializer": (str,),
    "protocol": (int, type(None)),
    "producer": (dict,),
    "environment": (dict,),
    "references": (list,),
    "files": (dict,),
    "probes": (list,),
    "description": (str,),
}


def find_bundles(folder: Path) -> list[Path]:
    """Return the bundles at or below a folder, sorted by path.

    Raises:
        BundleError: there is no such folder, or no bundle in it.
    """
    if not folder.is_dir():
        raise BundleError(f"no such folder of bundles: {folder}")
    found = sorted(path.parent for path in folder.rglob(MANIFEST))
    if not found:
        raise BundleError(f"no bundle in {folder}: looked for {MANIFEST} in it and below")
    return found


def read_bundle(folder: Path, find_mistake: Callable[[str], str | None] | None = None) -> Bundle:
    """Read a bundle and compare its files with its manifest; nothing is unpickled.

    Args:
        folder: of the bundle.
        find_mistake: returns what is wrong with the serializer that the manifest names, before
            any other file is read; none where the caller does not use that name.

    Raises:
        BundleError: a file is missing, changed or truncated, or the manifest is invalid.
    """
    manifest = _read_manifest(folder / MANIFEST)
    if find_mistake is not None and (mistake := find_mistake(manifest.serializer)):
        raise BundleError(f"{folder / MANIFEST}: serializer: {mistake}")
    contents = {name: _read_file(folder, name, said) for name, said in manifest.files.items()}
    if PAYLOAD not in contents:
        raise BundleError(f"{folder / MANIFEST}: names no {PAYLOAD}")
    values = {
        name.removeprefix("value-").removesuffix(".bin"): data
        for name, data in contents.items()
        if name.startswith("value-")
    }
    portrait = _read_portraits(folder / PORTRAIT, contents.get(PORTRAIT, b"{}"))
    return Bundle(folder, manifest, contents[PAYLOAD], values, portrait)


def _read_manifest(path: Path) -> Manifest:
    try:
        found = json.loads(read_plain(path, MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        raise BundleError(f"{path.parent}: no bundle, it has no {MANIFEST}") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise BundleError(f"{path}: is no JSON object")
    schema = found.get("schema")
    if type(schema) is not int or schema not in _READ:
        raise BundleError(
            f"{path}: schema {schema!r:.60}, wanted {' or '.join(map(str, _READ))}; "
            "export it again, or read it with a pytest-portable that knows this schema"
        )
    wrong = [
        f"{key}: {found.get(key, 'missing')!r:.60}"
        for key, types in _TYPES.items()
        if key not in found or not isinstance(found[key], types)
    ]
    wrong = wrong or find_mistakes(found)
    if wrong:
        raise BundleError(f"{path}: " + "; ".join(wrong))
    return Manifest(**{key: found[key] for key in _TYPES}, schema=schema)


def _read_file(folder: Path, name: str, said: Mapping[str, Any]) -> bytes:
    path = folder / name
    try:
        data = read_plain(path, MAX_FILE_BYTES, size=said["bytes"])
    except PlainFileError as error:
        raise BundleError(f"{path}: {error.strerror}") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != said["sha256"]:
        raise BundleError(f"{path}: was changed: its SHA-256 is not the manifest's")
    return data


def _read_portraits(path: Path, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
        return {key: check_nodes(nodes) for key, nodes in found.items()}
    except (AttributeError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: no portraits: {error}") from None


def write_bundle(
    folder: Path,
    manifest: Manifest,
    payload: bytes,
    values: Mapping[str, bytes],
    portrait: Mapping[str, Any],
) -> Path:
    """Write a bundle in one step, in place of an existing one.

    Args:
        folder: of the bundle itself.
        manifest: without `files`, which is filled in here.
        payload: what was dumped.
        values: dumped values that its probes see.
        portrait: of the object and the results of its probes; empty where there is none.
    """
    contents = {PAYLOAD: payload, **{f"value-{name}.bin": data for name, data in values.items()}}
    if portrait:
        contents[PORTRAIT] = _lines(portrait).encode()
    files = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    }
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        for name, data in contents.items():
            (draft / name).write_bytes(data)
        (draft / MANIFEST).write_text(replace(manifest, files=files).to_json(), "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _lines(portrait: Mapping[str, Any]) -> str:
    """Return JSON with one node a line, so that a difference is one line of a diff."""
    parts = []
    for key, nodes in sorted(portrait.items()):
        written = ",\n  ".join(json.dumps(node) for node in nodes)
        parts.append(f" {json.dumps(key)}: [\n  {written}\n ]")
    return "{\n" + ",\n".join(parts) + "\n}\n"
