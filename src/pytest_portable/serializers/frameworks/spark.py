"""Spark: PySpark's own cloudpickle, as its driver and its Python workers use it.

Source: pyspark 4.3, `pyspark/serializers.py` (`CloudPickleSerializer`), `pyspark/core/rdd.py`
(`RDD.map`, `_wrap_function`), `pyspark/worker.py`, `pyspark/util.py`
(`handle_worker_exception`).
"""

from __future__ import annotations

import io
import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_portable.serializers import safe_loads
from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import spark as there
from pytest_portable.serializers.serializer import Serializer, refusing_other_pythons
from pytest_portable.serializers.task import Answer

__all__ = ["make"]

_MODULES: Final = (
    "pyspark",
    "pyspark.serializers",
    "pyspark.cloudpickle",
    "pyspark.util",
    "pyspark.errors",
)
_NUMBER_BYTES: Final = 4


def make() -> Serializer:
    """`CloudPickleSerializer` of PySpark; calls go out as `RDD.map` over one element."""
    framework = Framework(*_MODULES)
    return replace(
        framework.serializer("spark", there),
        loads=framework.wrap(safe_loads.loads),
        requirement="pyspark",
        machinery="pyspark.cloudpickle",
        preload=("pyspark.serializers", "pyspark.cloudpickle"),
        task=replace(
            framework.task(_pack, _unpack),
            own_code="the function in which Spark wraps that of every map",
        ),
        remarks=refusing_other_pythons("Spark refuses Python workers of another minor version"),
    )


def _pack(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bytes:
    """Pack what a worker reads: the command with its length, then the elements of a partition.

    One argument is the element itself; several are one element together.
    """
    from pyspark import RDD
    from pyspark.serializers import write_with_length

    alone = len(args) == 1 and not kwargs
    mapped = (
        function if alone else _of_script("lambda call: function(*call[0], **call[1])", function)
    )
    # The method uses nothing else of its RDD, and a real RDD needs a running Java.
    rdd = types.SimpleNamespace(mapPartitionsWithIndex=lambda wrapped, *_: wrapped)
    wrapped = RDD.map(rdd, mapped)
    elements = _elements()
    stream = io.BytesIO()
    write_with_length(there.dumps((wrapped, None, elements, elements)), stream)
    elements.dump_stream([args[0] if alone else (args, dict(kwargs))], stream)
    return stream.getvalue()


def _elements() -> Any:
    """Return the serializer of the elements of an RDD: batches of them."""
    from pyspark.serializers import AutoBatchedSerializer, CPickleSerializer

    return AutoBatchedSerializer(CPickleSerializer())


def _of_script(source: str, function: Callable[..., object]) -> Any:
    """Define a function as in the driver's script, because workers have no module of ours."""
    return eval(source, {"__name__": "__main__", "function": function})  # noqa: S307 - ours


def _unpack(data: bytes, *, raised: bool) -> Answer:
    """Read what a worker wrote as the driver does."""
    from pyspark.errors import PythonException

    if raised:
        # A sign and a length come before the text.
        text = data[2 * _NUMBER_BYTES :].decode("utf-8", "replace")
        said = "An exception was thrown from the Python worker. Please see the stack trace below."
        return Answer(raised=PythonException(f"{said}\n{text}"))
    (value,) = _elements().load_stream(io.BytesIO(data))
    return Answer(value=value)
