from __future__ import annotations

from pytest_portable.keys import KEYS
from pytest_portable.mark_keys import MarkKeys


def test_type_checkers_know_every_key() -> None:
    assert set(MarkKeys.__annotations__) == set(KEYS)
