"""A container's side of Modal: what its entrypoint does with one input, without a server."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads", "run"]


def loads(data: bytes) -> Any:
    """Load as clients and containers do, but raise the original error, not Modal's."""
    from modal._serialization import deserialize
    from modal.exception import DeserializationError

    try:
        return deserialize(data, None)
    except DeserializationError as error:
        if error.__cause__ is None:
            raise
        raise error.__cause__ from None


def dumps(value: object) -> bytes:
    """Dump as clients and containers do."""
    from modal._serialization import serialize

    dumped: bytes = serialize(value)
    return dumped


def run(message: bytes) -> tuple[bytes, BaseException | None]:
    """Load the function, then call it with one input; an exception is sent back pickled."""
    import traceback

    from modal_proto import api_pb2

    end = 8 + int.from_bytes(message[:8], "big")
    registered = api_pb2.Function.FromString(message[8:end])
    context = _context(
        loads(registered.function_serialized), api_pb2.FunctionInput.FromString(message[end:])
    )
    try:
        data = dumps(_call(context))
    except Exception as error:
        result = api_pb2.GenericResult(
            status=api_pb2.GenericResult.GENERIC_STATUS_FAILURE,
            exception=repr(error),
            traceback=traceback.format_exc(),
            data=_dumps_exception(error),
        )
        return result.SerializeToString(), error
    result = api_pb2.GenericResult(
        status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS,
        data=data,
    )
    return result.SerializeToString(), None


def _context(function: object, given: Any) -> Any:
    """Make the container's context for a call, with only what does not come from a server."""
    import types

    from modal._runtime.container_io_manager import IOContext

    context = IOContext.__new__(IOContext)
    context.input_ids = ["in-1"]
    context.function_inputs = [given]
    context.finalized_function = types.SimpleNamespace(callable=function)
    context._is_batched = False
    context._client = None
    return context


def _call(context: Any) -> Any:
    import asyncio
    import inspect

    function = context.finalized_function.callable
    if inspect.iscoroutinefunction(function):
        args, kwargs = context._args_and_kwargs()
        return asyncio.run(function(*args, **kwargs))
    call = getattr(context, "call_finalized_function", None)
    # Since modal 1.2 it is a list of results, for batches.
    return call() if call is not None else context.call_function_sync()[0]


def _dumps_exception(error: BaseException) -> bytes:
    """Dump an exception, or Modal's error for one that cannot be dumped."""
    from modal.exception import SerializationError

    try:
        return dumps(error)
    except Exception as trouble:
        said = f"Failed to serialize exception {error} of type {type(error)}: {trouble}"
        return dumps(SerializationError(said))
