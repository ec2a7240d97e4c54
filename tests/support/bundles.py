"""Manifests of bundles, as an export writes them."""

from __future__ import annotations

from typing import Any, Final

from pytest_portable.bundle.manifest import Manifest

__all__ = ["PRODUCER", "manifest"]

PRODUCER: Final = {
    "python": "3.12.1",
    "implementation": "cpython",
    "system": "Linux",
    "machine": "x86_64",
    "distributions": {},
}


def manifest(**changes: Any) -> Manifest:
    """Return the manifest of a list that was pickled; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "name": "b",
        "test": "",
        "object": "list",
        "serializer": "pickle",
        "protocol": 4,
        "producer": PRODUCER,
        "environment": {"python": None, "deps": []},
        "references": [],
    }
    return Manifest(**{**fields, **changes})
