"""Tables: pandas and polars. Imported only where the host has imported one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from pytest_portable.equivalence.comparators import Elements, Finding, Outcome, Part
from pytest_portable.equivalence.guard import attempt, is_true, module_of
from pytest_portable.equivalence.leaves import Tolerance

__all__ = [
    "data_frame",
    "extension_array",
    "index",
    "interval",
    "polars_frame",
    "polars_series",
    "series",
]

Anything: TypeAlias = Any
"""pandas and polars are no dependencies, so their types are not there when this is checked."""


AROUND_NUMPY: Final = frozenset({"NumpyExtensionArray", "PandasArray"})
"""The array of a series whose values are in NumPy; the second name is that before pandas 2.1."""


class _Rows:
    """Makes the path of an element of a column."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def __getitem__(self, position: int) -> str:
        """Return the text to append to the path of the column."""
        return f"{self._prefix}[{position}]"


def data_frame(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare labels, dtypes and values of a pandas frame, column by column."""
    if original.shape != returned.shape:
        yield Finding(".shape", original.shape, returned.shape, "shape differs")
        return
    yield Part(".columns", original.columns, returned.columns)
    yield from _around(original, returned)
    places = _places(original.columns, returned.columns)
    is_unique = original.columns.is_unique
    for position, name in enumerate(original.columns):
        is_spelled = isinstance(name, (str, int)) and is_unique
        suffix = f"[{name!r}]" if is_spelled else f".iloc[:, {position}]"
        pair = original.iloc[:, position], returned.iloc[:, places[position]]
        yield from _column(suffix, *pair)


def _places(originals: Anything, returned: Anything) -> Sequence[int]:
    """Return where each column came back; another order is reported as one difference."""
    if not originals.is_unique or list(originals) == list(returned):
        return range(len(originals))
    found = attempt(lambda: [int(place) for place in returned.get_indexer(originals)])
    is_same = isinstance(found, list) and sorted(found) == list(range(len(originals)))
    return found if is_same and isinstance(found, list) else range(len(originals))


def _around(original: Anything, returned: Anything) -> Iterator[Outcome]:
    """Compare the attributes of frames and series, those of subclasses included."""
    yield Part(".index", original.index, returned.index)
    yield Part(".attrs", original.attrs, returned.attrs)
    flags = original.flags, returned.flags
    allowed = flags[0].allows_duplicate_labels, flags[1].allows_duplicate_labels
    yield Part(".flags.allows_duplicate_labels", *allowed)
    for name in original._metadata:  # noqa: SLF001 - documented for subclasses
        if name not in {"_name", "name"}:
            pair = attempt(getattr, original, name, None), attempt(getattr, returned, name, None)
            yield Part(f".{name}", *pair)


def series(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare name, index, dtype and values of a pandas series."""
    if len(original) != len(returned):
        yield Finding("", original, returned, f"length {len(original)}, then {len(returned)}")
        return
    yield Part(".name", original.name, returned.name)
    yield from _around(original, returned)
    yield from _column("", original, returned)


def interval(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare two intervals of pandas, whose own `==` takes the ends 0 and 0.0 as equal."""
    for name in ("left", "right", "closed"):
        yield Part(f".{name}", getattr(original, name), getattr(returned, name))


def _column(suffix: str, original: Anything, returned: Anything) -> Iterator[Outcome]:
    kinds = original.dtype, returned.dtype
    if str(kinds[0]) != str(kinds[1]) or type(kinds[0]) is not type(kinds[1]):
        yield Finding(f"{suffix}.dtype", *kinds, "dtype differs")
    elif _is_numpy(original):
        yield Part(f"{suffix}.iloc", _view(original), _view(returned))
    else:
        yield Part(f"{suffix}.array", original.array, returned.array)


def _is_numpy(values: Anything) -> bool:
    return module_of(type(values.dtype)).partition(".")[0] == "numpy"


def _view(values: Anything) -> Anything:
    """Return the values as a new array object.

    pandas may use one array for several columns and indexes; that is no reference that the user
    shares.
    """
    return values.to_numpy().view()


def index(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare names and labels of a pandas index, level by level."""
    if len(original) != len(returned):
        yield Finding("", original, returned, f"length {len(original)}, then {len(returned)}")
        return
    yield Part(".names", list(original.names), list(returned.names))
    if original.nlevels != returned.nlevels:
        yield Finding(".nlevels", original.nlevels, returned.nlevels)
    elif original.nlevels > 1:
        for level in range(original.nlevels):
            sides = original, returned  # without their names, which are compared already
            pair = [side.get_level_values(level).rename(None) for side in sides]
            yield Part(f".get_level_values({level})", *pair)
    elif str(original.dtype) != str(returned.dtype):
        yield Finding(".dtype", original.dtype, returned.dtype, "dtype differs")
    elif _is_numpy(original):
        yield Part("", _view(original), _view(returned))
    else:
        yield Part("", original.array, returned.array)
    if getattr(original, "freq", None) != getattr(returned, "freq", None):
        yield Finding(".freq", original.freq, returned.freq)


def extension_array(
    original: Anything, returned: Anything, tolerance: Tolerance
) -> Iterator[Outcome]:
    """Compare categorical, nullable, string, interval and other arrays of pandas."""
    if len(original) != len(returned):
        yield Finding("", original, returned, f"length {len(original)}, then {len(returned)}")
    elif hasattr(original, "categories"):
        yield Part(".ordered", original.ordered, returned.ordered)
        yield Part(".categories", original.categories, returned.categories)
        yield Part(".codes", original.codes.view(), returned.codes.view())
    elif str(original.dtype) != str(returned.dtype):
        yield Finding(".dtype", original.dtype, returned.dtype, "dtype differs")
    elif type(original).__name__ in AROUND_NUMPY:
        yield Part("", _view(original), _view(returned))
    elif not _equals(original, returned, tolerance):
        rows = original.astype(object).tolist(), returned.astype(object).tolist()
        yield Elements(_Rows(), *rows)


def _equals(original: Anything, returned: Anything, tolerance: Tolerance) -> bool:
    """Return what `equals` of pandas's own arrays says; that of others may take `1` as `True`."""
    is_home = module_of(type(original)).partition(".")[0] == "pandas"
    is_seen = not tolerance.signed_zero or getattr(original.dtype, "kind", "f") not in "fc"
    return is_home and is_seen and is_true(attempt(original.equals, returned))


def polars_frame(original: Anything, returned: Anything, _: Tolerance) -> Iterator[Outcome]:
    """Compare the schema and the columns of a polars frame."""
    if original.shape != returned.shape:
        yield Finding(".shape", original.shape, returned.shape, "shape differs")
        return
    columns = list(original.columns), list(returned.columns)
    if columns[0] != columns[1]:
        yield Finding(".columns", *columns)
        return
    for name in columns[0]:
        yield Part(f"[{name!r}]", original[name], returned[name])


def polars_series(
    original: Anything, returned: Anything, tolerance: Tolerance
) -> Iterator[Outcome]:
    """Compare name, dtype and values of a polars series."""
    if original.name != returned.name:
        yield Finding(".name", original.name, returned.name)
    if original.dtype != returned.dtype:
        yield Finding(".dtype", original.dtype, returned.dtype, "dtype differs")
    elif len(original) != len(returned):
        yield Finding("", original, returned, f"length {len(original)}, then {len(returned)}")
    elif tolerance.signed_zero or not is_true(attempt(original.equals, returned)):
        yield Elements(_Rows(), original.to_list(), returned.to_list())
