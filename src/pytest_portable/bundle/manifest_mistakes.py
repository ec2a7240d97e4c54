"""What is wrong with the parts of a manifest: it may come from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_portable.agent.typed_json import MalformedRecord, read_as
from pytest_portable.environment import validate_python, validate_requirement

__all__ = ["find_mistakes"]

_VERSION: Final = re.compile(r"\d{1,4}\.\d{1,4}(?:\.[\w.+-]{0,80})?", re.ASCII)
_MODES: Final = ("expression", "function")
_HIGHEST_PROTOCOL: Final = 15


@dataclass(frozen=True)
class _Producer:
    python: str
    implementation: str
    system: str
    machine: str
    distributions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Environment:
    python: str | None = None
    deps: tuple[str, ...] | None = None


@dataclass(frozen=True)
class _Reference:
    module: str
    qualname: str
    by: str = ""


@dataclass(frozen=True)
class _File:
    bytes: int
    sha256: str


@dataclass(frozen=True)
class _Probe:
    label: str
    mode: str
    source: str
    name: str
    raises: tuple[str, ...] = ()


_PARTS: Final[Mapping[str, Any]] = {
    "producer": _Producer,
    "environment": _Environment,
    "references": tuple[_Reference, ...],
    "files": Mapping[str, _File],
    "probes": tuple[_Probe, ...],
}


def find_mistakes(manifest: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a manifest whose keys are there.

    Args:
        manifest: as JSON gives it.
    """
    wrong = [
        f"files: {name!r:.60} leads out of the bundle"
        for name in manifest["files"]
        if name in {"", ".", ".."} or not set("/\\\0").isdisjoint(name)
    ]
    read = {key: _read(key, kind, manifest[key]) for key, kind in _PARTS.items()}
    wrong += [found for found in read.values() if isinstance(found, str)]
    return wrong or list(_wrong(manifest, read))


def _read(key: str, kind: Any, value: object) -> Any:  # noqa: ANN401 - a type hint, and its kind
    """Return a part as its type, or as text what is wrong with it."""
    try:
        return read_as(kind, value)
    except MalformedRecord as error:
        return f"{key}: {'no bytes and sha256' if key == 'files' else error}"


def _wrong(manifest: Mapping[str, Any], read: Mapping[str, Any]) -> Iterator[str]:
    protocol = manifest["protocol"]
    if isinstance(protocol, bool) or not 0 <= (protocol or 0) <= _HIGHEST_PROTOCOL:
        yield f"protocol: {protocol!r:.60}"
    if not _VERSION.fullmatch(read["producer"].python):
        yield f"producer: python: {read['producer'].python!r:.60} is no version"
    for probe in read["probes"]:
        if probe.mode not in _MODES:
            yield f"probes: mode: {probe.mode!r:.60}"
    python = read["environment"].python
    if python is not None and ("\0" in python or validate_python(python)):
        yield f"environment: python: {python!r:.60} is no Python"
    for line in read["environment"].deps or ():
        if "\0" in line or (found := validate_requirement(line)):
            yield f"environment: deps: {found if chr(0) not in line else repr(line)}"
