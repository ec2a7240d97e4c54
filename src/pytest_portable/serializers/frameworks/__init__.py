"""One file for each system whose payloads we make: its own package does the work."""

from __future__ import annotations

__all__: list[str] = []
