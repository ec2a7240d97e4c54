"""The worker's side of Parsl, as `parsl.executors.high_throughput.process_worker_pool` does it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads", "run"]


def loads(data: bytes) -> Any:
    """Load what `parsl.serialize.serialize` wrote."""
    from parsl.serialize import deserialize

    return deserialize(data)


def dumps(value: object, **options: object) -> bytes:
    """Dump as Parsl does; options are dill's settings, used for this dump only."""
    import dill
    from parsl.serialize import concretes, serialize

    before = dict(dill.settings)
    # Parsl caches the bytes of every callable that it has sent: with other settings they would be
    # outdated.
    forget = getattr(concretes.DillCallableSerializer.serialize, "cache_clear", lambda: None)
    forget()
    dill.settings.update(options)
    try:
        return bytes(serialize(value))
    finally:
        dill.settings.update(before)
        forget()


def run(message: bytes, **options: object) -> tuple[bytes, BaseException | None]:
    """Run a task and return the result message, and what was raised."""
    from parsl.app.errors import RemoteExceptionWrapper
    from parsl.executors.execute_task import execute_task

    try:
        result = execute_task(message)
        answer = dumps(result, **options)
    except Exception as error:
        return dumps(RemoteExceptionWrapper(*sys.exc_info()), **options), error
    return answer, result.e_value if isinstance(result, RemoteExceptionWrapper) else None
