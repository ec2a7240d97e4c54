"""Compare values without parts, strictly by type."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

__all__ = ["LEAVES", "Tolerance", "are_flat_and_equal", "same_leaf"]

LEAVES: Final[frozenset[type]] = frozenset(
    {int, str, float, bool, bytes, complex, type(None), type(...), type(NotImplemented)}
)
MIN_FLAT: Final = 16  # for shorter ones the set-up of the fast path costs more than the loop


@dataclass(frozen=True)
class Tolerance:
    """How far two floating-point numbers may be apart.

    Attributes:
        rtol: relative to the original, `None` for exactly equal.
        atol: absolute, `None` for exactly equal.
        signed_zero: `-0.0` is not `0.0`.
    """

    rtol: float | None = None
    atol: float | None = None
    signed_zero: bool = False

    @property
    def is_exact(self) -> bool:
        """Return whether no tolerance was asked for."""
        return self.rtol is None and self.atol is None

    def same_float(self, original: float, returned: float) -> bool:
        """Return whether two floats are the same number; NaN is NaN."""
        if original == returned:
            signs = not self.signed_zero or original != 0
            return signs or math.copysign(1, original) == math.copysign(1, returned)
        if original != original or returned != returned:  # noqa: PLR0124 - NaN, without a call
            return original != original and returned != returned  # noqa: PLR0124 - see above
        if self.is_exact or math.isinf(original) or math.isinf(returned):
            return False
        allowed = (self.atol or 0.0) + (self.rtol or 0.0) * abs(original)
        return abs(original - returned) <= allowed


def same_leaf(original: object, returned: object, tolerance: Tolerance) -> bool:
    """Return whether two leaves of the same exact type are the same value."""
    kind = type(original)
    if kind is float:
        return tolerance.same_float(cast("float", original), cast("float", returned))
    if kind is complex:
        left, right = cast("complex", original), cast("complex", returned)
        real = tolerance.same_float(left.real, right.real)
        return real and tolerance.same_float(left.imag, right.imag)
    return original == returned


def are_flat_and_equal(  # noqa: PLR0911 - a chain of short cuts
    lefts: Sequence[object], rights: Sequence[object], tolerance: Tolerance
) -> bool:
    """Return whether two sequences hold only leaves and the same ones, at the speed of C.

    False means nothing: then the elements have to be compared one by one. Both are lists or both
    are tuples, of one length.
    """
    if len(lefts) < MIN_FLAT:
        return False
    kinds = set(map(type, lefts))
    if not kinds <= LEAVES:
        return False
    if kinds == {float} and _same_bytes(lefts, rights):
        return True
    if tolerance.signed_zero and not kinds.isdisjoint({float, complex}):
        return False
    if lefts != rights:
        return False
    if len(kinds) == 1:
        return set(map(type, rights)) == kinds
    return list(map(type, lefts)) == list(map(type, rights))


def _same_bytes(lefts: Sequence[object], rights: Sequence[object]) -> bool:
    """Compare floats by their bytes, in which equal NaNs are equal and the two zeros differ."""
    if set(map(type, rights)) != {float}:
        return False
    left, right = cast("Sequence[float]", lefts), cast("Sequence[float]", rights)
    return array("d", left).tobytes() == array("d", right).tobytes()
