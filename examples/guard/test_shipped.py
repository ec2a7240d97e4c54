"""What a service puts on its queue; every job of the matrix dumps it, every job reads all dumps."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import functools
import uuid

import pytest

SHIPPED = {
    "order": {"id": uuid.UUID(int=7), "total": decimal.Decimal("9.90"), "tags": {"new", "eu"}},
    "schedule": [dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc), dt.timedelta(hours=2)],
    "counts": collections.Counter("abracadabra"),
    "task": functools.partial(round, ndigits=2),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(portable, name):
    portable(SHIPPED[name], probe="obj(3.14159)" if name == "task" else "len(obj)")
