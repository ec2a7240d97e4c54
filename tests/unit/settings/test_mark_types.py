from __future__ import annotations

from pytest_portable.settings.mark_checks import KEYS
from pytest_portable.settings.mark_types import MarkKeys


def test_type_checkers_know_every_key() -> None:
    assert set(MarkKeys.__annotations__) == set(KEYS)
