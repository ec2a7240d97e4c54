"""Parsl: its headers, its task messages, its `execute_task`, its checkpoint files.

Source: parsl 2026.10, `parsl/serialize/facade.py`, `parsl/app/errors.py`,
`parsl/executors/execute_task.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import parsl as there
from pytest_portable.serializers.serializer import Serializer, refusing_other_pythons
from pytest_portable.serializers.task import Answer, Limit

__all__ = ["make"]

_MODULES: Final = ("dill", "parsl.serialize", "parsl.app.errors", "parsl.executors.execute_task")
_PICKLED: Final = frozenset((b"01", b"02", b"C2"))
_PICKLE_START: Final = b"\x80"
_SETTINGS: Final = frozenset(("byref", "fmode", "ignore", "protocol", "recurse"))


def make() -> Serializer:
    """Parsl's `serialize`; calls go out as `@python_app` sends them."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("parsl", there),
        requirement="parsl",
        pickles=pickles,
        preload=_MODULES,
        machinery="dill",
        accepts=_SETTINGS,
        task=replace(
            framework.task(_pack, _unpack),
            lost="in Parsl this ends the thread that reads results: this future and every later "
            "one of the executor would never finish",
            own_code="the function in which Parsl wraps every app",
        ),
        limits=(
            Limit(128_000_000, "task", "Parsl warns of buffers over 128 MB", fails=False),
            Limit(1_000_000, "result", "Parsl warns of results over 1 MB", fails=False),
        ),
        remarks=refusing_other_pythons(
            "Parsl's HighThroughputExecutor refuses workers of another Python"
        ),
    )


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickle behind Parsl's header; the user's own serializers may write anything."""
    header, _, body = payload.partition(b"\n")
    return (body,) if header in _PICKLED or body.startswith(_PICKLE_START) else ()


def _pack(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    **options: object,
) -> bytes:
    """Pack a call as an app does: whatever the function raises comes back as a result."""
    from parsl.app.errors import wrap_error
    from parsl.executors import execute_task
    from parsl.serialize.facade import pack_buffers

    # Releases of early 2025 send the resources of a task separately from its keywords.
    asks_for_resources = hasattr(execute_task, "unpack_res_spec_apply_message")
    named = (kwargs, {}) if asks_for_resources else kwargs
    parts: list[object] = [wrap_error(function), args, named]
    return bytes(pack_buffers([there.dumps(part, **options) for part in parts]))


def _unpack(data: bytes, **_: object) -> Answer:
    from parsl.app.errors import RemoteExceptionWrapper

    found: Any = there.loads(data)
    if isinstance(found, RemoteExceptionWrapper):
        return Answer(raised=found.get_exception())
    return Answer(value=found)
