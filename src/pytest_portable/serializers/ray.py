"""Ray: the cloudpickle that Ray brings.

Source: ray 2.5x, `ray/cloudpickle/__init__.py`.
"""

from __future__ import annotations

import pickle
from typing import Final

from pytest_portable.serializers import loading
from pytest_portable.serializers.quiet import Framework
from pytest_portable.serializers.serializer import Serializer

__all__ = ["make"]

_MODULES: Final = ("ray", "ray.cloudpickle")


def make() -> Serializer:
    """`ray.cloudpickle`, which tasks, actors and their arguments go through."""
    framework = Framework(*_MODULES)
    framework.load()
    from ray import cloudpickle

    return Serializer(
        name="ray",
        dumps=framework.wrap(cloudpickle.dumps),
        loads=framework.wrap(loading.loads),
        loaders=("ray.cloudpickle:loads",),
        dumpers=("ray.cloudpickle:dumps",),
        default_protocol=lambda: pickle.HIGHEST_PROTOCOL,
        requirement="ray",
        machinery="ray.cloudpickle",
        preload=("ray.cloudpickle",),
        accepts=frozenset(),
    )
