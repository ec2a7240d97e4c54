"""Why a check failed: what the target said, read together with what the payload holds."""

from __future__ import annotations

from pytest_portable.diagnosis.bytecode import foreign_code
from pytest_portable.diagnosis.dump import explain_dump
from pytest_portable.diagnosis.load import Evidence, explain_exception

__all__ = ["Evidence", "explain_dump", "explain_exception", "foreign_code"]
