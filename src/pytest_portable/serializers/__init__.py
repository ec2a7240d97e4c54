"""Serializers: they dump an object on the host and name the functions that load it in a target.

A serializer names its loaders and dumpers as `module:function`; the target uses the first whose
module is installed, so that what pickle can read needs no more than pickle.
"""

from __future__ import annotations

from pytest_portable.serializers.registry import Registry, check_serializers, runtime_of
from pytest_portable.serializers.serializer import Serializer

__all__ = ["Registry", "Serializer", "check_serializers", "runtime_of"]
