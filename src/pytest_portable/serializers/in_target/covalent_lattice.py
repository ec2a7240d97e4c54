"""A whole workflow of Covalent as JSON: written on one side, read by the server on another."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads"]


def loads(data: bytes) -> Any:
    """Rebuild a lattice from its JSON, without any pickle; or load the result of a probe."""
    from covalent._workflow.lattice import Lattice
    from covalent._workflow.transportable_object import TransportableObject

    if not data.startswith(b"{"):
        return TransportableObject.deserialize(data).get_deserialized()
    return Lattice.deserialize_from_json(data.decode())


def dumps(value: Any) -> bytes:
    """Write a built lattice as JSON, or wrap the result of a probe like an electron's output."""
    from covalent._workflow.lattice import Lattice
    from covalent._workflow.transportable_object import TransportableObject

    if not isinstance(value, Lattice):
        archive: bytes = TransportableObject(value).serialize()
        return archive
    text: str = value.serialize_to_json()
    return text.encode()
