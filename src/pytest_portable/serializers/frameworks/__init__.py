"""One file for each framework; the framework's own package makes the payloads."""

from __future__ import annotations

__all__: list[str] = []
