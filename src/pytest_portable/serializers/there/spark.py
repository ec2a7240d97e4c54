"""Spark's own serializer for functions and for what they return."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads"]


def loads(data: bytes) -> Any:
    """Load as a Python worker of Spark does."""
    from pyspark.serializers import CloudPickleSerializer

    return CloudPickleSerializer().loads(data)


def dumps(value: object) -> bytes:
    """Dump as the driver does."""
    from pyspark.serializers import CloudPickleSerializer

    dumped: bytes = CloudPickleSerializer().dumps(value)
    return dumped
