"""A Dask worker's side: its serialization families, and `_run_task_simple` of the worker."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["dumps", "loads", "run"]


def loads(data: bytes) -> Any:
    """Load what any of the families wrote."""
    from distributed.protocol import deserialize_bytes

    return deserialize_bytes(data)


def dumps(value: object, serializers: Sequence[str] | None = None) -> bytes:
    """Dump with the first of the families that can; Dask's default is dask, then pickle."""
    from distributed.protocol import serialize_bytes

    # Where no family can, Dask sends a message instead of the value, unless told to raise.
    dumped: bytes = serialize_bytes(value, serializers=serializers, on_error="raise")
    return dumped


def run(
    message: bytes, serializers: Sequence[str] | None = None
) -> tuple[bytes, BaseException | None]:
    """Run a task of a graph as workers do; an exception is sent back pickled, else as text.

    A task that cannot be loaded raises.
    """
    from distributed.protocol import pickle
    from distributed.worker import _run_task_simple

    done: Any = _run_task_simple(pickle.loads(message), {}, 0.0)
    if done["status"] == "OK":
        return dumps(done["result"], serializers), None
    return bytes(done["exception"].data), done["actual_exception"]
