"""One of every kind of NumPy's and pandas's objects, and whether two of them are the same.

Nothing of pytest-portable is used here: what is equal is decided with the libraries' own means.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Kept", "numpy_objects", "pandas_objects", "same"]


class Kept:
    """What to ask an object, beside what it is: a method and its arguments."""

    def __init__(self, obj: Any, method: str | None = None, *arguments: Any) -> None:
        """Take an object and what to ask it."""
        self.obj, self.method, self.arguments = obj, method, arguments


def numpy_objects(folder: Path) -> dict[str, Kept]:
    """Make NumPy's; `folder` is for what is mapped from a file."""
    # `tolist` of records in records is nothing that can be an array again.
    found = {
        f"array of {name}": Kept(array) if array.dtype.names else Kept(array, "tolist")
        for name, array in _arrays().items()
    }
    found |= {f"scalar {type(one).__name__}": Kept(one, "item") for one in _scalars()}
    found |= {f"dtype {kind}": Kept(np.dtype(kind)) for kind in ("<f4", ">i2", "S3", "U3", "M8[s]")}
    mapped = np.memmap(folder / "mapped", dtype="i4", mode="w+", shape=(4,))
    mapped[:] = range(4)
    record = np.dtype({"names": ["a", "b"], "formats": ["i4", "f8"], "offsets": [4, 16]})
    others = {
        "aligned dtype": np.dtype([("a", "i1"), ("b", "f8")], align=True),
        "dtype with gaps": record,
        "dtype with titles": np.dtype([(("title", "a"), "i4")]),
        "dtype with metadata": np.dtype("f8", metadata={"unit": "m"}),
        "subarray dtype": np.dtype(("f8", (2, 3))),
        "dtype class": type(np.dtype("f8")),
        "scalar class": np.float32,
        "memmap": mapped,
        "recarray": np.rec.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
        "record": np.rec.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])[0],
        "void of a record": np.zeros(1, record)[0],
        "masked array": np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False], fill_value=-1.0),
        "masked records": np.ma.array([(1, 2.0)], [("a", "i4"), ("b", "f8")], mask=[(False, True)]),
        "masked constant": np.ma.masked,
        "array without mask": np.ma.array([1, 2]),
        "matrix": np.matrix([[1, 2], [3, 4]]),
        "chararray": np.char.array(["a", "bc"]),
        "ufunc": np.add,
        "ufunc of special names": np.logaddexp2,
        "function": np.linalg.norm,
        "array function": np.concatenate,
        "poly1d": np.poly1d([1, 2, 3]),
        "errstate": np.errstate(divide="ignore"),
        "SeedSequence": np.random.SeedSequence(5).spawn(2)[1],
        "finfo": np.finfo("f4"),
        "iinfo": np.iinfo("i4"),
        "vectorized": np.vectorize(abs, otypes=[float]),
        "lib index trick": np.s_[1:3, None, ...],
        "array in a dict twice": dict.fromkeys("xy", np.arange(3)),
        "view in a list twice": [np.arange(4)[1:]] * 2,
        "array of arrays": np.array([np.arange(2), None], dtype=object),
        "empty": np.empty((0, 3)),
        "of no dimensions": np.array(5.0),
        "fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "not contiguous": np.arange(10)[::3],
        "read only": _read_only(np.arange(3)),
        "nan and signed zeros": np.array([np.nan, -0.0, np.inf]),
    }
    found |= {name: Kept(obj) for name, obj in others.items()}
    kinds = ("Polynomial", "Chebyshev", "Legendre", "Hermite", "HermiteE", "Laguerre")
    for name in kinds:
        made = getattr(np.polynomial, name)([1, 2, 3], domain=[0, 2])
        found[name] = Kept(made, "__call__", 0.5)
    for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"):
        kind = getattr(np.random, name)
        found[f"bit generator {name}"] = Kept(kind(7), "random_raw", 3)
        found[f"generator {name}"] = Kept(np.random.Generator(kind(7)), "random", 3)
    found["RandomState"] = Kept(np.random.RandomState(7), "random_sample", 3)
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):
        strings = np.dtypes.StringDType
        found["StringDType"] = Kept(strings())
        found["StringDType with missing"] = Kept(strings(na_object=None))
        found["array of StringDType"] = Kept(np.array(["a", "long" * 9], dtype=strings()), "tolist")
    return found


def _arrays() -> dict[str, Any]:
    kinds = ("?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "c8", "c16", ">i4", ">f8", "g", "G")
    made: dict[str, Any] = {kind: np.array([0, 1, 3]).astype(kind) for kind in kinds}
    made["S3"] = np.array([b"a", b"bcd"])
    made["U3"] = np.array(["a", "bcd"])
    made["V4"] = np.array([b"abcd"], dtype="V4")
    made["M8[D]"] = np.array(["2020-01-01", "NaT"], dtype="M8[D]")
    made["M8[ns]"] = np.array(["2020-01-01T00:00:01"], dtype="M8[ns]")
    made["m8[us]"] = np.array([1, 2], dtype="m8[us]")
    made["objects"] = np.array([1, "a", None, decimal.Decimal("1.5")], dtype=object)
    made["records"] = np.array([(1, 2.5, "x")], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "U2")])
    made["nested records"] = np.zeros(2, dtype=[("p", [("x", "f4"), ("y", "f4")]), ("m", "i2", 3)])
    return made


def _scalars() -> list[Any]:
    return [
        np.float64(1.5),
        np.float32(1.5),
        np.float16(1.5),
        np.longdouble(1.5),
        np.complex64(1 + 2j),
        np.int8(-3),
        np.uint64(2**63),
        np.bool_(True),
        np.str_("ab"),
        np.bytes_(b"ab"),
        np.datetime64("2020-01-01T00:00"),
        np.timedelta64(5, "D"),
        np.void(b"abc"),
    ]


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def pandas_objects() -> dict[str, Kept]:
    """Make pandas's."""
    day = pd.Timestamp("2020-01-01")
    days = pd.date_range(day, periods=3)
    frame = pd.DataFrame({"i": [1, 2, 3], "f": [1.5, None, 2.5], "o": [1, "a", None]})
    marked = frame.copy()
    marked.attrs["source"] = "test"
    single = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    text = ["a", "b", None]
    found: dict[str, Any] = {
        "frame": frame,
        "frame of text": pd.DataFrame({"t": text}),
        "frame without columns": pd.DataFrame(index=[1, 2]),
        "frame with attrs": marked,
        "frame with flags": single,
        "frame of integer columns": pd.DataFrame([[1, 2], [3, 4]]),
        "frame with equal columns": pd.DataFrame([[1, 2]], columns=[7, 7]),
        "frame by days": pd.DataFrame({7: range(3)}, index=days),
        "frame by two keys": pd.DataFrame(
            {7: range(4)}, index=pd.MultiIndex.from_product([[1, 2], [3, 4]], names=[5, 6])
        ),
        "frame of everything": pd.DataFrame(
            {1: pd.array([1, None], dtype="Int64"), 2: pd.Categorical([1, 2]), 3: days[:2]}
        ),
        "sparse frame": pd.DataFrame({7: pd.arrays.SparseArray([0, 0, 1])}),
        "series": pd.Series([1.5, 2.5], name=3),
        "named series": pd.Series([1.5, 2.5], name="x"),
        "series of text": pd.Series(text),
        "series of objects": pd.Series([1, "a"], dtype=object),
        "series of days": pd.Series(days),
        "series of days in a zone": pd.Series(days.tz_localize("UTC")),
        "series of seconds": pd.Series(days.astype("M8[s]")),
        "series of durations": pd.Series(days - day),
        "Index of integers": pd.Index([1, 2, 3], name="n"),
        "Index of small integers": pd.Index(np.array([1, 2], dtype="u1")),
        "Index of floats": pd.Index([1.5, 2.5]),
        "Index of booleans": pd.Index([True, False]),
        "Index of text": pd.Index(["a", "b"]),
        "Index of objects": pd.Index([1, "a"], dtype=object),
        "Index of nullable integers": pd.Index(pd.array([1, None], dtype="Int64")),
        "RangeIndex": pd.RangeIndex(1, 9, 2, name="r"),
        "DatetimeIndex": pd.DatetimeIndex(["2020-01-01", "2020-03-01"]),
        "DatetimeIndex with a step": days,
        "DatetimeIndex in a zone": days.tz_localize("Europe/Berlin"),
        "DatetimeIndex by months": pd.date_range(day, periods=3, freq="MS"),
        "TimedeltaIndex": pd.to_timedelta([1, 2], unit="h"),
        "PeriodIndex": pd.period_range("2020-01", periods=3, freq="M"),
        "IntervalIndex": pd.interval_range(0, 3),
        "IntervalIndex of days": pd.interval_range(day, periods=2),
        "CategoricalIndex": pd.CategoricalIndex([1, 2, 1], categories=[2, 1], ordered=True),
        "MultiIndex": pd.MultiIndex.from_tuples([(1, 2.5), (1, 3.5)], names=["a", "b"]),
        "MultiIndex of text": pd.MultiIndex.from_product([["a", "b"], [1]]),
        "Categorical of numbers": pd.Categorical([1, 2, None], categories=[1, 2, 3]),
        "Categorical of text": pd.Categorical(["a", "b"]),
        "CategoricalDtype": pd.CategoricalDtype([1, 2], ordered=True),
        "Interval": pd.Interval(0, 1, closed="left"),
        "Period": pd.Period("2020-01", freq="M"),
        "Timestamp": pd.Timestamp("2020-01-01T00:00:00.000000001"),
        "Timestamp in a zone": pd.Timestamp("2020-07-01", tz="Europe/Berlin"),
        "Timestamp at an offset": pd.Timestamp("2020-01-01T00:00:00+02:00"),
        "Timedelta": pd.Timedelta("1 day 2 ns"),
        "NaT": pd.NaT,
        "NA": pd.NA,
        "offset of months": pd.offsets.MonthEnd(2),
        "offset of business hours": pd.offsets.BusinessHour(start="09:30"),
        "offset of days": pd.offsets.Day(3),
        "offset of hours": pd.offsets.Hour(3),
        "offset of dates": pd.DateOffset(months=1, days=2),
        "offset of holidays": pd.offsets.CustomBusinessDay(holidays=["2020-01-01"]),
        "nullable integers": pd.array([1, None], dtype="Int64"),
        "nullable floats": pd.array([1.5, None], dtype="Float32"),
        "nullable booleans": pd.array([True, None], dtype="boolean"),
        "text array": pd.array(["a", None], dtype="string"),
        "text dtype": pd.StringDtype("python"),
        "sparse array": pd.arrays.SparseArray([0.0, 0.0, 1.0], fill_value=0.0),
        "interval array": pd.arrays.IntervalArray.from_breaks([0, 1, 2]),
        "period array": pd.arrays.PeriodArray._from_sequence(
            [pd.Period("2020-01", "M")], dtype=pd.PeriodDtype("M")
        ),
        "array of days": pd.array(days),
        "array of days in a zone": pd.array(days.tz_localize("UTC")),
        "NumpyExtensionArray": pd.array(np.array([1, 2]), dtype=np.dtype("i4")),
        "dtype of days in a zone": pd.DatetimeTZDtype("ns", "UTC"),
        "dtype of periods": pd.PeriodDtype("D"),
        "dtype of intervals": pd.IntervalDtype("int64", "right"),
        "dtype of sparse": pd.SparseDtype("f8", 0.0),
        "dtype of nullable": pd.Int8Dtype(),
        "named aggregation": pd.NamedAgg(column="x", aggfunc="max"),
        "slice": pd.IndexSlice[1:2],
        "timestamps in a dict": {day: dt.date(2020, 1, 1)},
        "function": pd.concat,
        "class": pd.DataFrame,
    }
    asked: dict[str, tuple[Any, ...]] = {
        "frame": ("count",),
        "series": ("sum",),
        "DatetimeIndex with a step": ("day_name",),
        "Timestamp in a zone": ("isoformat",),
        "Categorical of numbers": ("tolist",),
        "offset of months": ("__add__", dt.datetime(2020, 1, 1)),  # noqa: DTZ001
        "Period": ("strftime", "%Y"),
        "Interval": ("__contains__", 0),
        "nullable integers": ("sum",),
    }
    return {name: Kept(obj, *asked.get(name, ())) for name, obj in found.items()}


def same(one: Any, two: Any) -> bool:
    """Tell whether two objects are the same, as the libraries' own tests would ask."""
    if type(one) is not type(two):
        return False
    if one is two:
        return True
    compare = next((compare for kind, compare in _COMPARED if isinstance(one, kind)), _are_same)
    try:
        found = compare(one, two)
    except AssertionError:
        return False
    return found is None or bool(found)


def _are_same(one: Any, two: Any) -> bool:
    if isinstance(one, (tuple, list)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return bool(one == two)


def _arrays_are_same(one: Any, two: Any) -> bool:
    if one.dtype != two.dtype or one.dtype.metadata != two.dtype.metadata:
        return False
    if one.shape != two.shape:
        return False
    if isinstance(one, np.ma.MaskedArray):
        np.testing.assert_array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(two))
        return same(one.fill_value, two.fill_value) and same(np.asarray(one), np.asarray(two))
    if one.dtype == object:
        return all(map(same, one.ravel().tolist(), two.ravel().tolist()))
    if one.dtype.kind in "fc":
        np.testing.assert_array_equal(np.signbit(one.real), np.signbit(two.real))
    np.testing.assert_array_equal(one, two)
    return True


def _bits_are_same(one: Any, two: Any) -> bool:
    np.testing.assert_equal(one.state, two.state)
    np.testing.assert_array_equal(
        copy.deepcopy(one).random_raw(5), copy.deepcopy(two).random_raw(5)
    )
    return same(one.seed_seq, two.seed_seq) if hasattr(one, "seed_seq") else True


def _seeds_are_same(one: Any, two: Any) -> bool:
    np.testing.assert_array_equal(one.generate_state(4), two.generate_state(4))
    return bool(one.state == two.state)


def _polynomials_are_same(one: Any, two: Any) -> bool:
    return all(
        same(getattr(one, name), getattr(two, name)) for name in ("coef", "domain", "window")
    )


def _tables_are_same(one: Any, two: Any) -> bool:
    compare = pd.testing.assert_frame_equal if one.ndim > 1 else pd.testing.assert_series_equal
    compare(one, two, check_exact=True)
    return bool(
        one.attrs == two.attrs
        and one.flags == two.flags
        and same(one.index, two.index)
        and (one.ndim == 1 or same(one.columns, two.columns))
    )


def _indexes_are_same(one: Any, two: Any) -> bool:
    pd.testing.assert_index_equal(one, two, exact=True)
    freqs = [getattr(side, "freq", None) for side in (one, two)]
    return bool(freqs[0] == freqs[1] and list(one.names) == list(two.names))


def _scalars_are_same(one: Any, two: Any) -> bool:
    return bool(one.dtype == two.dtype and (one == two or bool(pd.isna(one) and pd.isna(two))))


_COMPARED: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (np.ndarray, _arrays_are_same),
    (np.generic, _scalars_are_same),
    (np.dtype, lambda one, two: one == two and one.metadata == two.metadata),
    (np.random.BitGenerator, _bits_are_same),
    (np.random.Generator, lambda one, two: same(one.bit_generator, two.bit_generator)),
    (
        np.random.RandomState,
        lambda one, two: np.testing.assert_equal(one.get_state(), two.get_state()),
    ),
    (np.random.SeedSequence, _seeds_are_same),
    (np.polynomial.polynomial.Polynomial.__base__, _polynomials_are_same),
    (np.poly1d, lambda one, two: same(one.coeffs, two.coeffs) and one.variable == two.variable),
    (np.vectorize, lambda one, two: one.pyfunc is two.pyfunc and one.otypes == two.otypes),
    (np.errstate, lambda one, two: one.__reduce_ex__(4)[2] == two.__reduce_ex__(4)[2]),
    ((np.finfo, np.iinfo), lambda one, two: str(one) == str(two)),
    ((pd.DataFrame, pd.Series), _tables_are_same),
    (pd.Index, _indexes_are_same),
    (pd.api.extensions.ExtensionArray, pd.testing.assert_extension_array_equal),
    (
        pd.Timestamp,
        lambda one, two: one == two and one.unit == two.unit and str(one.tz) == str(two.tz),
    ),
    (pd.Timedelta, lambda one, two: one == two and one.unit == two.unit),
)
