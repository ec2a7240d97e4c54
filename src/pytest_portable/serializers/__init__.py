"""Serializers: how an object becomes a payload here, and who loads it there.

A serializer names its loaders and dumpers as `module:function`; the target takes the first whose
module is installed, because what pickle can read must not need more than pickle.
"""

from __future__ import annotations

from pytest_portable.serializers.registry import Registry, check_serializers, runtime_of
from pytest_portable.serializers.serializer import Serializer

__all__ = ["Registry", "Serializer", "check_serializers", "runtime_of"]
