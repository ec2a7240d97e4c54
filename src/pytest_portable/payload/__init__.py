"""The payload: the bytes that an object became, and all that can be read from them."""

from __future__ import annotations

__all__: list[str] = []
