"""Runs a check from the object to the verdict: sessions, environments, routes, trials."""

from __future__ import annotations

__all__: list[str] = []
