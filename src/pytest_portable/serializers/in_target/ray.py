"""A Ray worker's side: load the function and its arguments, send back what Ray sends."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["run"]


def run(message: bytes) -> tuple[bytes, BaseException | None]:
    """Run a task; an exception is sent back in a `RayTaskError`, pickled, with its text.

    Arrays among the arguments cannot be written to: Ray maps them from its object store. A function
    or an argument that cannot be loaded raises.
    """
    import pickle
    import traceback

    from ray import cloudpickle
    from ray.exceptions import RayError, RayTaskError

    parts: Any = cloudpickle.loads(message)
    function = cloudpickle.loads(parts["function"])
    # What is loaded from `bytes` is read-only.
    args, kwargs = pickle.loads(parts["arguments"], buffers=parts["buffers"])
    name = getattr(function, "__name__", "task")
    try:
        return cloudpickle.dumps(_result(function, function(*args, **kwargs))), None
    except Exception as error:
        text = traceback.format_exc()
        # The real place does not matter here, and asking for it takes a second.
        place = {"proctitle": "ray::" + name, "pid": 1, "ip": "127.0.0.1"}
        try:
            sent = RayTaskError(name, text, error, **place).to_bytes()
        except Exception as trouble:
            said = RayError(f"Exception isn't serializable: {trouble}\n{text}")
            sent = RayTaskError(name, text, said, **place).to_bytes()
        return sent, error


def _result(function: Any, returned: Any) -> Any:
    """Return what `ray.get` gets: of a returned generator the first element.

    A generator function is another thing: its elements are results of their own, here in a list.
    """
    import inspect

    if not inspect.isgenerator(returned):
        return returned
    if inspect.isgeneratorfunction(function):
        return list(returned)
    for first in returned:
        return first
    # Ray's own words: ray 2.60, `_raylet.pyx`, `store_task_outputs`.
    raise ValueError("Task returned 0 objects, but num_returns=1.")
