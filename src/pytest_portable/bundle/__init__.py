"""Bundles: a payload and its manifest on disk, to be read on other machines and later."""

from __future__ import annotations

__all__: list[str] = []
