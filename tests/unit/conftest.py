from __future__ import annotations

from support.interpreter import on, session

__all__ = ["on", "session"]
