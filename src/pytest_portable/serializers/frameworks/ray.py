"""Ray: its own cloudpickle, tasks, and the errors that they end in.

Source: ray 2.60, `ray/cloudpickle/__init__.py`, `ray/exceptions.py` (`RayTaskError`),
`ray/_private/function_manager.py`, `ray/_private/utils.py` (limits, versions).
"""

from __future__ import annotations

import contextlib
import inspect
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_portable.serializers import safe_loads
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import ray as there
from pytest_portable.serializers.serializer import Serializer, refusing_other_pythons
from pytest_portable.serializers.task import Answer, Limit

__all__ = ["make"]

_MODULES: Final = ("ray", "ray.cloudpickle", "ray.exceptions", "ray.remote_function")
_BIG_FUNCTION_BYTES: Final = 10_000_000
_MAX_FUNCTION_BYTES: Final = 100_000_000


def make() -> Serializer:
    """`ray.cloudpickle`, which dumps tasks, actors and their arguments."""
    framework = Framework(*_MODULES)
    framework.load()
    from ray import cloudpickle

    return Serializer(
        name="ray",
        dumps=framework.wrap(cloudpickle.dumps),
        loads=framework.wrap(safe_loads.loads),
        loaders=("ray.cloudpickle:loads",),
        dumpers=("ray.cloudpickle:dumps",),
        default_protocol=lambda: pickle.HIGHEST_PROTOCOL,
        requirement="ray",
        machinery="ray.cloudpickle",
        preload=("ray.cloudpickle", "ray.exceptions"),
        accepts=frozenset(),
        task=replace(
            framework.task(_pack, _unpack),
            prepared=_prepared,
            lost="Ray raises an error with its text instead",
        ),
        limits=(
            Limit(_MAX_FUNCTION_BYTES, "function", "Ray refuses functions over 100 MB"),
            Limit(
                _BIG_FUNCTION_BYTES, "function", "Ray warns of functions over 10 MB", fails=False
            ),
        ),
        remarks=refusing_other_pythons("Ray refuses to connect to a cluster of another Python"),
        there=inspect.getsource(there),
    )


@contextlib.contextmanager
def _prepared(function: Any) -> Iterator[Any]:
    """Yield the function behind `@ray.remote`."""
    from ray.remote_function import RemoteFunction

    yield function._function if isinstance(function, RemoteFunction) else function  # noqa: SLF001 - as Ray itself takes it


def _pack(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bytes:
    """Pack a function as the function manager exports it, and the arguments of one call.

    Buffers go beside the arguments, as `bytes`: the object store gives what nobody can write to.
    """
    from ray import cloudpickle

    buffers: list[pickle.PickleBuffer] = []
    with _prepared(function) as plain:
        parts = {
            "function": cloudpickle.dumps(plain),
            "arguments": cloudpickle.dumps(
                (args, dict(kwargs)), protocol=5, buffer_callback=buffers.append
            ),
        }
    parts["buffers"] = [bytes(each.raw()) for each in buffers]
    packed: bytes = cloudpickle.dumps(parts)
    return packed


def _unpack(data: bytes, *, raised: bool) -> Answer:
    """Read a result as `ray.get` does."""
    from ray.exceptions import RayError, RayTaskError, UnserializableException

    if not raised:
        return Answer(value=safe_loads.loads(data))
    error = RayError.from_bytes(data)
    if isinstance(error, UnserializableException):
        _load_as_ray_did(data)  # which raises what Ray leaves unsaid
    if not isinstance(error, RayTaskError):
        raise error
    if type(error.cause) is RayError:  # the text of an exception that Ray could not pickle
        raise error.cause
    return Answer(raised=error.as_instanceof_cause())


def _load_as_ray_did(data: bytes) -> object:
    """Load the exception in an error once more: Ray keeps the text of where it was raised alone."""
    from ray.core.generated.common_pb2 import RayException

    sent = RayException()
    sent.ParseFromString(data)
    return safe_loads.loads(sent.serialized_exception)
