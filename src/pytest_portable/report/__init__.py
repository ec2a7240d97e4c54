"""Verdicts and inspections as text for people, made of the plain data of their `to_dict()`."""

from __future__ import annotations

__all__: list[str] = []
