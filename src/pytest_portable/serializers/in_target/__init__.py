"""What runs in the target for a serializer: each module is sent as source, none is installed there.

Rules of this room: Python 3.8 syntax; nothing but the standard library at the top of a module;
what a serializer needs is imported inside the functions, so that its absence is a finding.
"""

from __future__ import annotations

__all__: list[str] = []
