"""torch: `torch.save` and `torch.load`, a zip archive with a pickle in it.

Source: torch 2.15, `torch/serialization.py`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_portable.serializers.framework_import import Framework
from pytest_portable.serializers.in_target import torch as there
from pytest_portable.serializers.serializer import Serializer

__all__ = ["make", "pickles"]

_LOADING: Final = frozenset(("map_location", "weights_only"))


def make() -> Serializer:
    """`torch.save`; options of `torch.load` are `weights_only` and `map_location`."""
    framework = Framework("torch")
    return replace(
        framework.serializer("torch", there),
        requirement="torch",
        pickles=pickles,
        preload=("torch",),
        accepts=_LOADING | {"pickle_protocol"},
        load_options=_LOADING,
    )


def pickles(payload: bytes) -> Sequence[bytes]:
    """Return the pickle of the archive; the bytes of tensors are in other entries."""
    if not zipfile.is_zipfile(io.BytesIO(payload)):
        return (payload,)
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        return [archive.read(name) for name in archive.namelist() if name.endswith("data.pkl")]
