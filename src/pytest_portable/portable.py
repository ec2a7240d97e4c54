"""What the `portable` fixture is; its parts arrive from the engine in the next steps."""

from __future__ import annotations

__all__: list[str] = []
