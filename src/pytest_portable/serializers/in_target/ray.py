"""A Ray worker's side: load the function and its arguments, send back what Ray sends."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["run"]


def run(message: bytes) -> tuple[bytes, BaseException | None]:
    """Run a task; an exception is sent back in a `RayTaskError`, pickled, with its text.

    A function or an argument that cannot be loaded raises.
    """
    import traceback

    from ray import cloudpickle
    from ray.exceptions import RayError, RayTaskError

    parts: Any = cloudpickle.loads(message)
    function = cloudpickle.loads(parts["function"])
    args, kwargs = cloudpickle.loads(parts["arguments"])
    name = getattr(function, "__name__", "task")
    try:
        return cloudpickle.dumps(function(*args, **kwargs)), None
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
