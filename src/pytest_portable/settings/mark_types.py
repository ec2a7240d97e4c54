"""The keys of the mark for type checkers and editors.

`pytest.mark.portable` itself takes anything, as all marks do; keys that several tests share can be
written as a `MarkKeys` and are checked then: `pytest.mark.portable(**KEYS)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from pytest_portable.serializers import Serializer

__all__ = ["MarkKeys", "Place", "Producer"]


class Place(TypedDict, total=False):
    """One environment of a route."""

    deps: Sequence[str]
    python: str
    opaque: bool


class _MakeKey(TypedDict):
    make: str


class Producer(_MakeKey, total=False):
    """The environment that makes the object."""

    deps: Sequence[str]
    python: str


class MarkKeys(TypedDict, total=False):
    """Every key of `@pytest.mark.portable(...)`."""

    deps: Sequence[str] | Mapping[str, Sequence[str]] | None
    python: str | Sequence[str]
    serializer: str | Serializer | Sequence[str | Serializer]
    protocol: int | None
    options: Mapping[str, Any]
    install_serializer: bool
    timeout: float
    env: Mapping[str, str]
    round_trip: bool
    allow_bytecode: bool
    warnings: Literal["report", "error", "ignore"]
    rtol: float | None
    atol: float | None
    signed_zero: bool
    seed: int | None
    by_value: Sequence[str]
    ship: Sequence[str]
    as_main: bool
    absent: Sequence[str]
    preload: Sequence[str]
    via: Sequence[Place]
    producer: Producer | None
    forbid: Sequence[str]
    max_size: int | str | None
