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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

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

SCHEMA: Final = 1
MANIFEST: Final = "manifest.json"
PAYLOAD: Final = "payload.bin"
PORTRAIT: Final = "portrait.json"


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


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle and compare its files with its manifest; nothing is unpickled.

    Raises:
        BundleError: a file is missing, changed or truncated, or the manifest is invalid.
    """
    manifest = _read_manifest(folder / MANIFEST)
    contents = {name: _read_file(folder, name, said) for name, said in manifest.files.items()}
    if PAYLOAD not in contents:
        raise BundleError(f"{folder / MANIFEST}: names no {PAYLOAD}")
    values = {
        name.removeprefix("value-").removesuffix(".bin"): data
        for name, data in contents.items()
        if name.startswith("value-")
    }
    portrait = json.loads(contents.get(PORTRAIT, b"{}"))
    return Bundle(folder, manifest, contents[PAYLOAD], values, portrait)


def _read_manifest(path: Path) -> Manifest:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path.parent}: no bundle, it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise BundleError(f"{path}: is no JSON object")
    schema = found.get("schema")
    if schema != SCHEMA:
        raise BundleError(
            f"{path}: schema {schema!r}, wanted {SCHEMA}; "
            "export it again, or read it with a pytest-portable that knows this schema"
        )
    wrong = [
        f"{key}: {found.get(key, 'missing')!r:.60}"
        for key, types in _TYPES.items()
        if key not in found or not isinstance(found[key], types)
    ]
    if wrong:
        raise BundleError(f"{path}: " + "; ".join(wrong))
    return Manifest(**{key: found[key] for key in _TYPES})


def _read_file(folder: Path, name: str, said: object) -> bytes:
    path = folder / name
    if Path(name).name != name:
        raise BundleError(f"{folder / MANIFEST}: {name!r} leads out of the bundle")
    if not isinstance(said, dict) or not {"bytes", "sha256"} <= said.keys():
        raise BundleError(f"{folder / MANIFEST}: files: {name}: no bytes and sha256")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) != said["bytes"]:
        raise BundleError(f"{path}: {len(data):,} bytes, the manifest says {said['bytes']:,}")
    if hashlib.sha256(data).hexdigest() != said["sha256"]:
        raise BundleError(f"{path}: was changed: its SHA-256 is not the manifest's")
    return data


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
