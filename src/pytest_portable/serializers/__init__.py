"""Serializers: how an object becomes a payload here, and who loads it there.

A serializer names its loaders and dumpers as `module:attribute`; the target takes the first whose
module is installed, because what pickle can read must not need more than pickle.
"""

from __future__ import annotations

import difflib
import importlib.metadata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_portable.errors import OptionError
from pytest_portable.serializers import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Serializer", "get_serializer", "names", "runtime_of"]


@dataclass(frozen=True)
class Serializer:
    """One way to dump and load.

    Attributes:
        name: what a mark says.
        dumps: `(obj, protocol=..., **options) -> bytes`, on the host.
        loads: bytes to object on the host, without touching the host's own definitions.
        loaders: `module:function` names that load there, preferred first.
        dumpers: `module:function` names that dump there, preferred first.
        default_protocol: pickle protocol when none is asked for.
        distribution: what the target needs; `None` for the standard library.
        keeps_sharing: one object in two places comes back as one; joblib splits what an array
            of objects and its surroundings share.
    """

    name: str
    dumps: Callable[..., bytes]
    loads: Callable[[bytes], object]
    loaders: tuple[str, ...]
    dumpers: tuple[str, ...]
    default_protocol: Callable[[], int]
    distribution: str | None = None
    preload: tuple[str, ...] = ()
    accepts: frozenset[str] = field(default_factory=frozenset)
    keeps_sharing: bool = True


def _pickle() -> Serializer:
    import pickle

    return Serializer(
        name="pickle",
        dumps=pickle.dumps,
        loads=loading.loads,
        loaders=("pickle:loads",),
        dumpers=("pickle:dumps",),
        default_protocol=lambda: pickle.DEFAULT_PROTOCOL,
        accepts=frozenset({"fix_imports", "buffer_callback"}),
    )


def _cloudpickle() -> Serializer:
    import pickle

    import cloudpickle

    return Serializer(
        name="cloudpickle",
        dumps=cloudpickle.dumps,
        loads=loading.loads,
        loaders=("pickle:loads",),
        dumpers=("cloudpickle:dumps", "pickle:dumps"),
        default_protocol=lambda: pickle.HIGHEST_PROTOCOL,
        distribution="cloudpickle",
        preload=("cloudpickle",),
        accepts=frozenset({"buffer_callback"}),
    )


def _dill() -> Serializer:
    import dill

    return Serializer(
        name="dill",
        dumps=dill.dumps,
        loads=loading.loads_dill,
        loaders=("dill:loads", "pickle:loads"),
        dumpers=("dill:dumps", "pickle:dumps"),
        default_protocol=lambda: int(dill.settings["protocol"]),
        distribution="dill",
        preload=("dill",),
        accepts=frozenset({"byref", "fmode", "recurse"}),
    )


_MAKERS: Mapping[str, Callable[[], Serializer]] = {
    "cloudpickle": _cloudpickle,
    "dill": _dill,
    "pickle": _pickle,
}


def names() -> tuple[str, ...]:
    """Return the names that a mark may say, sorted."""
    return tuple(sorted(_MAKERS))


def get_serializer(name: str) -> Serializer:
    """Return a serializer; its package is imported now.

    Raises:
        OptionError: no serializer has this name.
    """
    try:
        return _MAKERS[name]()
    except KeyError:
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise OptionError(
            f"serializer: unknown name {name!r}, valid: {', '.join(names())}{hint}"
        ) from None


def runtime_of(serializer: Serializer) -> tuple[str, ...]:
    """Return the requirement of what loads there, pinned at the host's version."""
    if serializer.distribution is None:
        return ()
    version = importlib.metadata.version(serializer.distribution)
    return (f"{serializer.distribution}=={version}",)
