"""The worker's side of Globus Compute: `execute_task` of the endpoint, which needs no login."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["dumps", "loads", "run", "strategy"]


def loads(data: bytes) -> Any:
    """Load what any of the strategies wrote."""
    from globus_compute_sdk.serialize import ComputeSerializer

    return ComputeSerializer().deserialize(data.decode())


def dumps(value: object, result_serializers: Sequence[str] = (), **_: object) -> bytes:
    """Dump a result with the first of `result_serializers` that can, or the service's default."""
    from globus_compute_sdk.serialize import ComputeSerializer

    found: str = ComputeSerializer.serialize_from_list(value, _paths(result_serializers))
    return found.encode()


def run(
    message: bytes, result_serializers: Sequence[str] = (), **_: object
) -> tuple[bytes, str | None]:
    """Run a task as an endpoint does, and return its answer; what was raised is text."""
    import uuid
    from pathlib import Path

    from globus_compute_common import messagepack
    from globus_compute_common.messagepack.message_types import Task
    from globus_compute_endpoint.engines.helper import execute_task

    number = uuid.uuid4()
    body = messagepack.pack(Task(task_id=number, task_buffer=message.decode()))
    # By name, because older releases take the two in another order.
    answer = execute_task(
        task_body=body,
        task_id=number,
        run_dir=Path.cwd(),
        result_serializers=_paths(result_serializers),
    )
    result: Any = messagepack.unpack(answer)
    data: bytes = result.data.encode()
    return data, result.data if result.is_error else None


def strategy(name: str) -> str:
    """Return the import path of a strategy, for its name in the SDK's documentation."""
    return name if "." in name else "globus_compute_sdk.serialize." + name


def _paths(names: Sequence[str]) -> list[str] | tuple[()]:
    return [strategy(name) for name in names] or ()
