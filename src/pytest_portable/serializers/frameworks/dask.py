"""Dask: the serialization families of `distributed`, and tasks as graphs carry them.

Source: distributed 2026.8, `protocol/serialize.py`, `protocol/pickle.py`, `worker.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_portable.errors import near
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import dask as there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer

__all__ = ["make", "pickles"]

_MODULES: Final = ("distributed", "distributed.protocol", "distributed.worker", "dask._task_spec")
_PICKLE_START: Final = b"\x80"


def make() -> Serializer:
    """What `distributed` sends; options are `serializers`, the families to try in order."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("dask", there),
        requirement="distributed",
        machinery="cloudpickle",
        pickles=pickles,
        preload=_MODULES,
        accepts=frozenset(("serializers",)),
        check_options=_check_options,
        task=framework.task(_pack, _unpack),
    )


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the frames that are pickles; those of other families hold plain bytes."""
    import msgpack
    from distributed.protocol.core import decompress
    from distributed.protocol.utils import unpack_frames

    head, *frames = unpack_frames(payload)
    header = msgpack.loads(head, raw=False, use_list=False) if head else {}
    plain = [bytes(frame) for frame in decompress(header, frames)]
    return [frame for frame in plain if frame.startswith(_PICKLE_START)]


def _pack(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    **_: object,
) -> bytes:
    """Pickle a task of a graph, as `Client.submit` does."""
    from dask._task_spec import Task as GraphTask
    from distributed.protocol import pickle

    packed: bytes = pickle.dumps(GraphTask("portable", function, *args, **kwargs))
    return packed


def _unpack(data: bytes, *, raised: bool) -> Answer:
    from distributed.core import clean_exception

    if raised:
        _, error, _ = clean_exception(data)
        return Answer(raised=error)
    return Answer(value=there.loads(data))


def _check_options(options: Mapping[str, Any]) -> Iterator[str]:
    from distributed.protocol.serialize import families

    asked = options.get("serializers") or ()
    if isinstance(asked, str) or not isinstance(asked, list | tuple):
        yield f"serializers: {asked!r} is not a list of families"
        return
    known = sorted(families)
    for name in asked:
        if name not in families:
            hint = near(str(name), known)
            yield f"serializers: unknown family {name!r}{hint} (valid: {', '.join(known)})"
