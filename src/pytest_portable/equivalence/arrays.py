"""NumPy: arrays and scalars. Imported only where the host has imported NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from pytest_portable.equivalence import memory
from pytest_portable.equivalence.comparators import Elements, Finding, Outcome, Part
from pytest_portable.equivalence.leaves import Tolerance

__all__ = ["array", "data_type", "masked_array", "scalar", "values"]

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
Anything: TypeAlias = Any
"""A scalar or a masked array: their stubs differ between the releases of NumPy."""

# A copy has none of these: `memmap.__array_finalize__`, `numpy/_core/memmap.py` of NumPy.
_OF_THE_FILE: Final = ("_mmap", "filename", "mode", "offset")
BLOCK_ELEMENTS: Final = 1 << 20
"""Compared at once: temporaries stay small beside an array that may fill the memory."""


class _Positions:
    """Writes the index of an element of an array of any shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape

    def __getitem__(self, index: int) -> str:
        """Return `[i, j]` of the element at a position in C order."""
        return _position(index, self._shape)


def _position(index: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return "[()]"
    return f"[{', '.join(str(int(part)) for part in np.unravel_index(index, shape))}]"


def scalar(original: Anything, returned: Anything, tolerance: Tolerance) -> Iterable[Outcome]:
    """Compare two NumPy scalars as arrays of no dimension; one with fields field by field."""
    if original.dtype != returned.dtype:
        yield Finding(".dtype", original.dtype, returned.dtype, "dtype differs")
    elif original.dtype.names is not None:
        for name in original.dtype.names:
            yield Part(f"[{name!r}]", original[name], returned[name])
    elif any(_parts(np.asarray(original), np.asarray(returned), tolerance)):
        yield Finding("", original, returned)


def data_type(original: Anything, returned: Anything, _: Tolerance) -> Iterable[Outcome]:
    """Compare two dtypes, and the metadata that `==` does not look at."""
    if original != returned:
        yield Finding("", original, returned)
    else:
        yield from _metadata(original, returned, "")


def _metadata(original: Anything, returned: Anything, where: str) -> Iterator[Part]:
    # A dtype of dates may come back with empty metadata instead of none (NumPy 2.2).
    pair = [dict(kind.metadata) if kind.metadata else None for kind in (original, returned)]
    if pair != [None, None]:
        yield Part(f"{where}.metadata", *pair)


def array(original: Array, returned: Array, tolerance: Tolerance) -> Iterable[Outcome]:
    """Compare dtype (byte order included), shape, and then the elements.

    Memory order, flags and the file of a memory map are not compared: they say how an array is
    stored, not what is in it.
    """
    if hasattr(original, "__dict__"):
        yield Part(".__dict__", *(_told(part) for part in (original, returned)))
    yield from _metadata(original.dtype, returned.dtype, ".dtype")
    yield from _parts(np.asarray(original), np.asarray(returned), tolerance)


def _told(array: Array) -> dict[str, object]:
    """Return the attributes of an array of a subclass."""
    unasked = _OF_THE_FILE if isinstance(array, np.memmap) else ()
    return {name: value for name, value in vars(array).items() if name not in unasked}


def masked_array(original: Anything, returned: Anything, tolerance: Tolerance) -> Iterable[Outcome]:
    """Compare what is masked, the fill value, and the elements that are not masked."""
    data = np.asarray(original.data), np.asarray(returned.data)
    if data[0].dtype != data[1].dtype or data[0].shape != data[1].shape:
        yield from _form(*data)
        return
    masks = [np.asarray(np.ma.getmaskarray(side)) for side in (original, returned)]
    yield Part(".mask", masks[0], masks[1])
    yield Part(".fill_value", _fill_value(original), _fill_value(returned))
    if data[0].dtype.names is None:
        yield from _parts(_shown(data[0], *masks), _shown(data[1], *masks), tolerance)
        return
    for suffix, hidden, part in _fields(data, masks):
        yield Part(suffix, _shown(part[0], *hidden), _shown(part[1], *hidden))


def _fill_value(array: Anything) -> object:
    """Return the fill value; for arrays of objects pickle turns `np.str_` into `str`."""
    value = array.fill_value
    return value.item() if array.dtype == object and isinstance(value, np.generic) else value


def _fields(
    data: Sequence[Array], masks: Sequence[Array], suffix: str = ""
) -> Iterator[tuple[str, Sequence[Array], Sequence[Array]]]:
    """Yield the fields of two arrays with their masks, those of nested records one by one."""
    for name in data[0].dtype.names or ():
        parts = [side[name] for side in data]
        hidden = [side[name] for side in masks]
        if parts[0].dtype.names is None:
            yield f"{suffix}[{name!r}]", hidden, parts
        else:
            yield from _fields(parts, hidden, f"{suffix}[{name!r}]")


def _shown(data: Array, *masks: Array) -> Array:
    """Return the elements with zeros in place of those that either side has masked."""
    hidden = np.logical_or(*masks)
    if not hidden.any():
        return data
    shown = data.copy()
    shown[hidden] = np.zeros((), data.dtype)
    return shown


def _form(original: Array, returned: Array) -> Iterator[Finding]:
    if original.dtype != returned.dtype:
        yield Finding(".dtype", original.dtype, returned.dtype, "dtype differs")
    if original.shape != returned.shape:
        yield Finding(".shape", original.shape, returned.shape, "shape differs")


def _parts(original: Array, returned: Array, tolerance: Tolerance) -> Iterator[Outcome]:
    """Compare two base arrays."""
    forms = list(_form(original, returned))
    if forms:
        yield from forms
    elif original.dtype.hasobject and original.dtype.names is None:
        labels = _Positions(original.shape)
        yield Elements(labels, original.ravel().tolist(), returned.ravel().tolist())
    elif original.dtype.names is not None:
        for name in original.dtype.names:
            yield Part(f"[{name!r}]", original[name], returned[name])
    else:
        yield from values(original, returned, tolerance)


def values(original: Array, returned: Array, tolerance: Tolerance) -> Iterator[Outcome]:
    """Compare the elements of two arrays of one form: where, how many, how far apart."""
    if _same_bytes(original, returned):
        return
    flat = original.reshape(-1), returned.reshape(-1)
    count, first, errors = 0, 0, (0.0, 0.0)
    for begin in range(0, flat[0].size, BLOCK_ELEMENTS):
        block = [part[begin : begin + BLOCK_ELEMENTS] for part in flat]
        wrong = np.flatnonzero(~_same(block[0], block[1], tolerance))
        if wrong.size:
            first = first if count else begin + int(wrong[0])
            count += int(wrong.size)
            found = _errors(block[0][wrong], block[1][wrong])
            errors = max(errors[0], found[0]), max(errors[1], found[1])
    if count:
        reason = _reason(count, original.size, errors, is_number=original.dtype.kind in "iufc")
        pair = flat[0][first], flat[1][first]
        yield Finding(_position(first, original.shape), *pair, reason)


def _reason(count: int, size: int, errors: tuple[float, float], *, is_number: bool) -> str:
    text = f"{count} of {size} elements differ" if size > 1 else "values differ"
    if not is_number:
        return text
    return f"{text}, by at most {errors[0]:.3g} (relative {errors[1]:.3g})"


def _same_bytes(original: Array, returned: Array) -> bool:
    """Compare the memory itself: it needs no temporary arrays and equal NaNs are equal."""
    pair = original, returned
    if all(part.flags.f_contiguous for part in pair):
        pair = original.T, returned.T
    if not all(part.flags.c_contiguous for part in pair):
        return False
    try:
        views = [part.reshape(-1).view(np.uint8).data for part in pair]
    except (TypeError, ValueError):  # a dtype whose memory cannot be viewed
        return False
    return memory.are_same(*views)


def _same(original: Array, returned: Array, tolerance: Tolerance) -> Array:
    """Return for every element whether it is the same; NaN is NaN and NaT is NaT."""
    same = np.asarray(original == returned)
    kind = original.dtype.kind
    if kind in "mM":
        same |= np.isnat(original) & np.isnat(returned)
    if kind not in "fc":
        return same
    same |= np.isnan(original) & np.isnan(returned)
    if not tolerance.is_exact:
        with np.errstate(all="ignore"):
            allowed = (tolerance.atol or 0.0) + (tolerance.rtol or 0.0) * np.abs(original)
            finite = np.isfinite(original) & np.isfinite(returned)
            same |= finite & (np.abs(original - returned) <= allowed)
    if tolerance.signed_zero:
        same &= _same_signs(original.real, returned.real)
        same &= _same_signs(original.imag, returned.imag)
    return same


def _same_signs(original: Array, returned: Array) -> Array:
    """Return for every number whether its zero, if it is one, has the same sign."""
    return np.asarray((original != 0) | (np.signbit(original) == np.signbit(returned)))


def _errors(original: Array, returned: Array) -> tuple[float, float]:
    """Return the largest absolute and relative error among elements that differ."""
    if original.dtype.kind not in "iufc":
        return 0.0, 0.0
    wide = np.complex128 if original.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        apart = np.abs(original.astype(wide) - returned.astype(wide))
        relative = apart / np.abs(original.astype(wide))
    return _largest(apart), _largest(relative)


def _largest(numbers: Array) -> float:
    usable = numbers[~np.isnan(numbers)]
    return float(usable.max()) if usable.size else 0.0
