"""The first answer of an agent, typed and validated: it may be a login shell that talks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pytest_portable.agent.in_target.messages import SCHEMA
from pytest_portable.agent.records import TargetError
from pytest_portable.agent.typed_json import MalformedRecord, read_as

__all__ = ["read_hello"]


@dataclass(frozen=True)
class _Hello:
    schema: int
    python: str
    version_info: tuple[int, ...]
    implementation: str
    platform: str
    executable: str
    pid: int
    fork: bool
    absent: tuple[str, ...]


@dataclass(frozen=True)
class _Refusal:
    refused: str
    exception: TargetError


def read_hello(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts that an agent says, or the refusal of a module.

    Raises:
        MalformedRecord: it is neither.
    """
    if "refused" in said:
        read_as(_Refusal, said)
        return said
    found = read_as(_Hello, said)
    if found.schema != SCHEMA:
        raise MalformedRecord(f"schema {found.schema}, wanted {SCHEMA}")
    return {each.name: said[each.name] for each in fields(_Hello)}
