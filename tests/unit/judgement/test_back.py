from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.serializers import loading

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.engine import Portable


@pytest.mark.parametrize("keeps_sharing", [True, False])
def test_a_serializer_may_say_that_it_splits_what_is_shared(
    on: Callable[..., Portable], *, keeps_sharing: bool
) -> None:
    def split(data: bytes) -> object:
        return [copy.copy(part) for part in loading.loads(data)]  # type: ignore[attr-defined]

    portable = on()
    portable._serializer = replace(portable._serializer, loads=split, keeps_sharing=keeps_sharing)
    portable._serializer = replace(portable._serializer, dumpers=("_pickle:dumps",))
    shared: list[Any] = [1]

    verdict = portable.check([shared, shared])

    assert verdict.portable is not keeps_sharing
