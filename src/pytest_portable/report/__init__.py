"""Verdicts as text for people; every renderer works on the plain data of `Verdict.to_dict()`."""

from __future__ import annotations

__all__: list[str] = []
