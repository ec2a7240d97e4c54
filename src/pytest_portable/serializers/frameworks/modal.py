"""Modal: its own cloudpickle, functions with `serialized=True`, results and exceptions.

Source: modal 1.0.5, `modal/_serialization.py`, `modal/_utils/function_utils.py`
(`_process_result`), `modal/_functions.py` (limits of functions); 1.6.4 sends the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_portable.serializers import safe_loads
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import modal as there
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.task import Answer, Limit

__all__ = ["make"]

_MODULES: Final = (
    "modal",
    "modal._serialization",
    "modal._runtime.container_io_manager",
    "modal._utils.function_utils",
)
_BIG_FUNCTION_BYTES: Final = 256 << 10
_MAX_FUNCTION_BYTES: Final = 16 << 20


def make() -> Serializer:
    """`modal._serialization`; calls go out as those of a `serialized=True` function."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("modal", there),
        loads=framework.wrap(_loads),
        requirement="modal",
        machinery="modal._vendor.cloudpickle",
        preload=("modal._serialization",),
        task=replace(
            framework.task(_pack, _unpack),
            prepared=_prepared,
            lost="Modal raises ExecutionError instead",
        ),
        limits=(
            Limit(_MAX_FUNCTION_BYTES, "function", "Modal refuses functions over 16 MiB"),
            Limit(
                _BIG_FUNCTION_BYTES,
                "function",
                "Modal warns of functions over 256 KiB",
                fails=False,
            ),
        ),
    )


def _loads(data: bytes) -> object:
    """Load an answer without changing by-value classes that the test has."""
    # Only Modal's unpickler can load Modal's own objects.
    return safe_loads.loads(data) if b"_class_setstate" in data else there.loads(data)


@contextlib.contextmanager
def _prepared(function: Any) -> Iterator[Any]:
    """Yield the function behind `@app.function()`."""
    from modal import Function
    from modal._utils.async_utils import synchronizer

    if not isinstance(function, Function):
        yield function
        return
    decorated = synchronizer._translate_in(function)  # noqa: SLF001 - as its containers do
    # The first in 1.0, the second in later releases.
    yield decorated.get_raw_f() if hasattr(decorated, "get_raw_f") else decorated._raw_f_


def _pack(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bytes:
    """Pack a function as it is registered, and the input of one call."""
    from modal_proto import api_pb2

    with _prepared(function) as raw:
        registered = api_pb2.Function(
            definition_type=api_pb2.Function.DEFINITION_TYPE_SERIALIZED,
            function_serialized=there.dumps(raw),
        )
    called = api_pb2.FunctionInput(
        args=there.dumps((args, dict(kwargs))), data_format=api_pb2.DATA_FORMAT_PICKLE
    )
    first = registered.SerializeToString()
    return len(first).to_bytes(8, "big") + bytes(first + called.SerializeToString())


def _unpack(data: bytes, *, raised: bool) -> Answer:
    """Read a result as `Function.remote` does."""
    from modal._utils.function_utils import _process_result
    from modal.exception import SerializationError
    from modal_proto import api_pb2

    result = api_pb2.GenericResult.FromString(data)
    if not raised:
        return Answer(value=_loads(result.data))
    error = there.loads(result.data)
    if isinstance(error, SerializationError) and str(error).startswith("Failed to serialize"):
        raise error
    try:
        _finish(_process_result(result, api_pb2.DATA_FORMAT_PICKLE, None))
    except BaseException as found:  # noqa: BLE001 - whatever the function raised
        # The traceback of this side has no information: the text of the other side has it.
        return Answer(raised=_unwrapped(found).with_traceback(None))
    raise AssertionError("a failed result gave a value")


def _unwrapped(error: Any) -> BaseException:
    """Return an exception as Modal's users see it, without the wrapper of 1.0.0."""
    is_wrapped = type(error).__name__ == "UserCodeException"
    found: BaseException = error.exc if is_wrapped else error
    return found


def _finish(coroutine: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine that never waits, because small results come with their bytes."""
    with contextlib.suppress(StopIteration):
        coroutine.send(None)
