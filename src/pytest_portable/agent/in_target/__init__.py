"""What runs in the target interpreter: see README.md in this folder for the rules of the room."""

from __future__ import annotations

__all__: list[str] = []
