"""Spark: the cloudpickle that PySpark brings, as its driver and its Python workers use it.

Source: pyspark 4.3, `pyspark/serializers.py` (`CloudPickleSerializer`).
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from pytest_portable.serializers import loading
from pytest_portable.serializers.quiet import Framework
from pytest_portable.serializers.serializer import Serializer
from pytest_portable.serializers.there import spark as there

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["make"]

_MODULES: Final = ("pyspark.serializers", "pyspark.cloudpickle", "pyspark.util")


def make() -> Serializer:
    """`CloudPickleSerializer` of PySpark."""
    framework = Framework(*_MODULES)
    framework.load()
    return Serializer(
        name="spark",
        dumps=framework.wrap(there.dumps),
        loads=framework.wrap(loading.loads),
        loaders=("there:loads",),
        dumpers=("there:dumps",),
        requirement="pyspark",
        machinery="pyspark.cloudpickle",
        preload=_MODULES[:2],
        accepts=frozenset(),
        remarks=_remarks,
        there=inspect.getsource(there),
    )


def _remarks(
    host: tuple[int, int], target: tuple[int, int], distributions: Mapping[str, str]
) -> Sequence[str]:
    del distributions
    if host == target:
        return ()
    here, there_ = (".".join(map(str, minor)) for minor in (host, target))
    return (f"Spark refuses Python workers of another minor version: {there_} there, {here} here",)
