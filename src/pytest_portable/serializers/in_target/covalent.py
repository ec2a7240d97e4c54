"""The executor's side of Covalent (`wrapper_fn`), and its server's, which reads and never loads."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "forward", "loads", "read", "read_only", "run"]


def loads(data: bytes) -> Any:
    """Load the object in a binary or JSON `TransportableObject`."""
    return _read(data).get_deserialized()


def dumps(value: object, form: str = "binary") -> bytes:
    """Wrap a value as electrons' inputs and outputs are."""
    from covalent._workflow.transportable_object import TransportableObject

    return _write(TransportableObject(value), form)


def read_only(data: bytes) -> Any:
    """Read header, text and JSON form as the server does; loading a pickle here is an error."""
    import sys

    watching = [True]

    def watch(event: str, arguments: object) -> None:
        if watching and event == "pickle.find_class":
            raise RuntimeError(f"the server's half loaded a pickle: {arguments!r}")

    found = _read(data)
    sys.addaudithook(watch)
    try:
        again = type(found).deserialize_from_json(found.serialize_to_json())
        str(again.header), str(again.object_string)
    finally:
        watching.clear()
    return again


def read(data: bytes, **_: object) -> bytes:
    """Read header, text and JSON form as the server does, and write what it forwards."""
    found = _read(data)
    again = type(found).deserialize_from_json(found.serialize_to_json())
    str(again.header), str(again.object_string)
    return _write(again, "json" if data.startswith(b"{") else "binary")


def forward(value: Any, form: str = "binary") -> bytes:
    """Forward what was read without loading it; wrap the result of a probe as a new object."""
    from covalent._workflow.transportable_object import TransportableObject

    return _write(TransportableObject.make_transportable(value), form)


def run(message: bytes, **_: object) -> tuple[bytes, BaseException | None]:
    """Run an electron as executors do; what it raises is sent back as text."""
    import json
    import traceback

    from covalent._workflow.transportable_object import TransportableObject
    from covalent.executor.utils import wrappers

    parts = json.loads(message.decode())
    read = TransportableObject.from_dict
    try:
        before, after = wrappers._gather_deps(*parts["hooks"])
        output = wrappers.wrapper_fn(
            read(parts["function"]),
            before,
            after,
            *[read(value) for value in parts["args"]],
            **{name: read(value) for name, value in parts["kwargs"].items()},
        )
    except Exception as error:
        told = "".join(traceback.TracebackException.from_exception(error).format())
        return told.encode(), error
    answer: bytes = output.serialize()
    return answer, None


def _read(data: bytes) -> Any:
    from covalent._workflow.transportable_object import TransportableObject

    if data.startswith(b"{"):
        return TransportableObject.deserialize_from_json(data.decode())
    return TransportableObject.deserialize(data)


def _write(value: Any, form: str) -> bytes:
    if form == "json":
        text: str = value.serialize_to_json()
        return text.encode()
    archive: bytes = value.serialize()
    return archive
