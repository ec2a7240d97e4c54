"""joblib reads and writes files only, so each payload gets one in memory."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads"]


def loads(data: bytes) -> object:
    """Load what `joblib.dump` wrote."""
    import io

    import joblib

    if data[:2] == b"ZF":  # joblib reads the compressed files of its releases before 0.10 by name
        return from_file(data)
    return joblib.load(io.BytesIO(data))


def from_file(data: bytes) -> object:
    """Load what only a file can be loaded from."""
    import tempfile
    from pathlib import Path

    import joblib

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "payload")
        path.write_bytes(data)
        return joblib.load(str(path))


def dumps(value: object, *, protocol: int, **options: Any) -> bytes:
    """Dump as `joblib.dump` does."""
    import io

    import joblib

    if isinstance(options.get("compress"), list):  # a tuple before it was sent
        options["compress"] = tuple(options["compress"])
    buffer = io.BytesIO()
    joblib.dump(value, buffer, protocol=protocol, **options)
    return buffer.getvalue()
