"""What a check leaves: its verdict, and for a call what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable.verdict import Verdict

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """A verdict, and for a call what it returned or raised."""

    verdict: Verdict
    value: object = None
    raised: BaseException | None = None
