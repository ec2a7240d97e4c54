"""Spark's own serializer for functions and for what they return, and its Python worker."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads", "run"]


def loads(data: bytes) -> Any:
    """Load as a Python worker of Spark does."""
    from pyspark.serializers import CloudPickleSerializer

    return CloudPickleSerializer().loads(data)


def dumps(value: object) -> bytes:
    """Dump as the driver does."""
    from pyspark.serializers import CloudPickleSerializer

    dumped: bytes = CloudPickleSerializer().dumps(value)
    return dumped


def run(message: bytes) -> tuple[bytes, BaseException | None]:
    """Run one partition as `pyspark.worker` does: a command, then the stream of its elements.

    What is raised is sent back as text. A command that cannot be loaded raises.
    """
    import io

    from pyspark.serializers import CloudPickleSerializer

    try:
        from pyspark.worker_util import read_command
    except ImportError:  # until 3.4
        from pyspark.worker import read_command

    stream, out = io.BytesIO(message), io.BytesIO()
    command = read_command(CloudPickleSerializer(), stream)
    function, _, deserializer, serializer = command
    try:
        serializer.dump_stream(function(0, deserializer.load_stream(stream)), out)
    except Exception as error:
        return _told(error), error
    return out.getvalue(), None


def _told(error: BaseException) -> bytes:
    """Return what the worker writes for the driver: a sign, a length, and the traceback."""
    import io
    import traceback

    from pyspark.serializers import SpecialLengths, write_int, write_with_length

    told = io.BytesIO()
    try:
        from pyspark.util import handle_worker_exception
    except ImportError:  # until 3.4
        write_int(SpecialLengths.PYTHON_EXCEPTION_THROWN, told)
        write_with_length(traceback.format_exc().encode("utf-8"), told)
    else:
        handle_worker_exception(error, told)
    return told.getvalue()
