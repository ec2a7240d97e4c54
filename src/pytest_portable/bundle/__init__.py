"""Bundles: a payload and its manifest on disk, for readers elsewhere and later."""

from __future__ import annotations

__all__: list[str] = []
