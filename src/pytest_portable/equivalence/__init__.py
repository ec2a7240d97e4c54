"""Compare two objects and return their differences."""

from __future__ import annotations

from pytest_portable.equivalence.comparators import (
    Comparator,
    Elements,
    Finding,
    Part,
    check_comparators,
)
from pytest_portable.equivalence.compare import compare
from pytest_portable.equivalence.differences import (
    COUNT_LIMIT,
    LOST,
    MAX_SHOWN,
    Difference,
    Differences,
    Shared,
)
from pytest_portable.equivalence.leaves import Tolerance
from pytest_portable.equivalence.text import shorten

__all__ = [
    "COUNT_LIMIT",
    "LOST",
    "MAX_SHOWN",
    "Comparator",
    "Difference",
    "Differences",
    "Elements",
    "Finding",
    "Part",
    "Shared",
    "Tolerance",
    "check_comparators",
    "compare",
    "shorten",
]
