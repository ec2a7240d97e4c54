"""The serializers that need no framework: pickle, dill, cloudpickle, joblib, multiprocessing."""

from __future__ import annotations

import importlib
import inspect
import pickle
import zlib
from collections.abc import Sequence
from types import ModuleType
from typing import Final

from pytest_portable.serializers import safe_loads
from pytest_portable.serializers.framework_import import State
from pytest_portable.serializers.in_target import joblib as joblib_there
from pytest_portable.serializers.in_target import multiprocessing as multiprocessing_there
from pytest_portable.serializers.in_target import session as session_there
from pytest_portable.serializers.serializer import Serializer

__all__ = [
    "import_dill",
    "make_cloudpickle",
    "make_dill",
    "make_joblib",
    "make_multiprocessing",
    "make_pickle",
    "make_session",
]

# First bytes of the compressed files that joblib writes, and the module that unpacks each.
_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZ", "bz2"),
    (b"\xfd7zXZ", "lzma"),
    (b"]\x00", "lzma"),
    (b"\x04\x22\x4d\x18", "lz4.frame"),
    (b"x", "zlib"),
)
# joblib before 0.10: a sign, then the unpacked length as text.
_OLD_JOBLIB: Final = b"ZF"
_OLD_JOBLIB_HEAD: Final = 21


def make_pickle() -> Serializer:
    """The standard library's pickle."""
    return Serializer(
        name="pickle",
        dumps=pickle.dumps,
        loads=safe_loads.loads,
        loaders=("pickle:loads",),
        dumpers=("pickle:dumps",),
        default_protocol=lambda: pickle.DEFAULT_PROTOCOL,
        accepts=frozenset({"fix_imports", "buffer_callback"}),
        dump=pickle.dump,
    )


def make_cloudpickle() -> Serializer:
    """cloudpickle; its payloads load with pickle and name cloudpickle's own functions."""
    import cloudpickle

    return Serializer(
        name="cloudpickle",
        dumps=cloudpickle.dumps,
        loads=safe_loads.loads,
        loaders=("pickle:loads",),
        dumpers=("cloudpickle:dumps", "pickle:dumps"),
        default_protocol=lambda: pickle.HIGHEST_PROTOCOL,
        requirement="cloudpickle",
        preload=("cloudpickle",),
        machinery="cloudpickle",
        accepts=frozenset({"buffer_callback"}),
        dump=cloudpickle.dump,
    )


def import_dill() -> ModuleType:
    """Import dill without what it adds to the pickler that is written in Python.

    joblib copies that pickler's table when it is imported, so it would send some things by dill in
    every leg after one of dill's. dill's own pickler has a table of its own.
    """
    state = State()
    dill = importlib.import_module("dill")
    state.put_back()
    return dill


def make_dill() -> Serializer:
    """dill, which has its own rules for finding globals."""
    dill = import_dill()

    return Serializer(
        name="dill",
        dumps=dill.dumps,
        loads=safe_loads.loads_dill,
        loaders=("dill:loads", "pickle:loads"),
        dumpers=("dill:dumps", "pickle:dumps"),
        default_protocol=lambda: int(dill.settings["protocol"]),
        requirement="dill",
        preload=("dill",),
        machinery="dill",
        accepts=frozenset({"byref", "fmode", "recurse"}),
    )


def make_session() -> Serializer:
    """The names of a session, as `dill.dump_session` (`dump_module`) saves them in `__main__`."""
    import_dill()
    return Serializer(
        name="dill-session",
        dumps=session_there.dumps,
        loads=session_there.loads,
        loaders=("there:loads",),
        dumpers=("there:dumps",),
        requirement="dill",
        preload=("dill",),
        machinery="dill",
        accepts=frozenset({"refimported"}),
        there=inspect.getsource(session_there),
    )


def make_joblib() -> Serializer:
    """What joblib writes: a pickle with bytes of arrays between its opcodes, or compressed."""
    return Serializer(
        name="joblib",
        dumps=joblib_there.dumps,
        loads=joblib_there.loads,
        loaders=("there:loads",),
        dumpers=("there:dumps",),
        default_protocol=lambda: pickle.DEFAULT_PROTOCOL,
        requirement="joblib",
        pickles=_unpacked,
        preload=("joblib",),
        accepts=frozenset({"compress"}),
        keeps_sharing=False,
        there=inspect.getsource(joblib_there),
    )


def make_multiprocessing() -> Serializer:
    """What a spawned process gets: pickle with the reducers of `multiprocessing`."""
    return Serializer(
        name="multiprocessing",
        dumps=multiprocessing_there.dumps,
        loads=safe_loads.loads,
        loaders=("pickle:loads",),
        dumpers=("there:dumps",),
        default_protocol=lambda: pickle.DEFAULT_PROTOCOL,
        accepts=frozenset(),
        there=inspect.getsource(multiprocessing_there),
        spawns=True,
    )


def _unpacked(payload: bytes) -> Sequence[bytes]:
    """Return the pickle stream of a joblib file; none where its compression is not known."""
    if payload.startswith(_OLD_JOBLIB):
        payload = payload[_OLD_JOBLIB_HEAD:].lstrip(b" ")
    for sign, module in _COMPRESSED:
        if payload.startswith(sign):
            try:
                unpacked: bytes = importlib.import_module(module).decompress(payload)
            except (ImportError, OSError, EOFError, ValueError, zlib.error):
                return ()
            return (unpacked,)
    return (payload,)
