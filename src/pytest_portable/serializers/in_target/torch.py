"""torch reads and writes files, so each payload gets one in memory."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads"]


def loads(data: bytes, **options: Any) -> Any:
    """Load with `torch.load`."""
    import io

    import torch

    return torch.load(io.BytesIO(data), **options)


def dumps(value: object, **options: Any) -> bytes:
    """Dump with `torch.save`."""
    import io

    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()
