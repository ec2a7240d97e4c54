"""What a user can set: options, keys of the mark, the legs of a test, its probes."""

from __future__ import annotations

__all__: list[str] = []
