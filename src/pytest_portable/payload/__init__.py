"""The payload: what an object became, and everything that can be read in it."""

from __future__ import annotations

__all__: list[str] = []
