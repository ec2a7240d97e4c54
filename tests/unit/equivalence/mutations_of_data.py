"""Changes of arrays and tables, see `mutations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from unit.equivalence.mutations import Mutation, do, either

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ARRAYS", "TABLES"]


def array_with(value: object, where: Any, changed: object, *words: Any) -> Callable[[bool], object]:
    return do(lambda: np.array(value, *words), lambda it: it.__setitem__(where, changed))


def masked() -> Any:
    return np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False], fill_value=9.0)


def structured() -> Any:
    return np.array([(1, 2.0, [1]), (3, np.nan, None)], [("a", "i4"), ("b", "f8"), ("c", "O")])


ARRAYS = [
    Mutation("element", array_with([[1.0, 2.0], [np.nan, 4.0]], (1, 1), 5.0), "[1, 1]"),
    Mutation("NaN, number", array_with([[1.0, 2.0], [np.nan, 4.0]], (1, 0), 5.0), "[1, 0]"),
    Mutation("no dimension", array_with(1, (), 2), "[()]"),
    Mutation("text", array_with(["a", "bc"], 1, "b"), "[1]"),
    Mutation("NaT", array_with(["NaT", "2020"], 0, "2020", "M8[D]"), "[0]"),
    Mutation("bool", array_with([True, False], 1, 1), "[1]"),
    Mutation("complex", array_with([1j, np.nan], 0, 2j), "[0]"),
    Mutation("object", array_with([1, "a", None], 0, True, object), "[0]"),
    Mutation(
        "part of an object",
        do(lambda: np.array([[1], 0], object), lambda it: it[0].append(2)),
        "[0]",
    ),
    Mutation("dtype", either(np.zeros(3, "f8"), np.zeros(3, "f4")), ".dtype"),
    Mutation("byte order", either(np.zeros(3, "<i4"), np.zeros(3, ">i4")), ".dtype"),
    Mutation("unit", either(np.zeros(3, "M8[s]"), np.zeros(3, "M8[ns]")), ".dtype"),
    Mutation("shape", either(np.zeros((2, 3)), np.zeros((3, 2))), ".shape"),
    Mutation("mask", do(masked, lambda it: it.mask.__setitem__(0, True)), ".mask[0]"),
    Mutation("masked", do(masked, lambda it: it.__setitem__(2, 4.0)), "[2]"),
    Mutation("fill value", do(masked, lambda it: setattr(it, "fill_value", 8)), ".fill_value"),
    Mutation("field", do(structured, lambda it: it["b"].__setitem__(1, 2.0)), "['b'][1]"),
    Mutation("object in a field", do(structured, lambda it: it["c"][0].append(2)), "['c'][0]"),
    Mutation(
        "field's name", either(np.zeros(2, [("a", "i4")]), np.zeros(2, [("b", "i4")])), ".dtype"
    ),
    Mutation("scalar", either(np.float64(1000003.25), np.float64(1000003.5))),
    Mutation("scalar, number", either(np.float64(1000003.25), 1000003.25)),
    Mutation("number, scalar", either([True], [np.True_]), "[0]"),
    Mutation("scalar's kind", either(np.int64(1000003), np.int32(1000003))),
    Mutation(
        "moment",
        either(np.datetime64("2020-01-01", "D"), np.datetime64("2020-01-01", "s")),
        ".dtype",
    ),
    Mutation("kind", either(np.dtype("<i4"), np.dtype(">i4"))),
    Mutation("of records", either(np.zeros(2, "i4"), np.zeros(2, "i4").view(np.recarray))),
]


# Tables.


def frame() -> Any:
    return pd.DataFrame(
        {
            "n": [1.0, np.nan, 3.0],
            "t": pd.array(["x", "y", "z"], dtype="string"),
            "o": [[1], None, {2}],
            "c": pd.Categorical(["u", "v", "u"], ["u", "v", "w"]),
            "i": pd.array([1, None, 3], dtype="Int64"),
            "d": pd.date_range("2020", periods=3, tz="UTC"),
        },
        index=pd.Index([10, 20, 30], name="at"),
    )


def column(name: str) -> Callable[[], Any]:
    return lambda: frame()[name]


def levels(value: object) -> Any:
    return pd.MultiIndex.from_tuples([("a", 1), ("a", value)], names=["x", "y"])


TABLES = [
    Mutation("cell", do(frame, lambda it: it.iloc.__setitem__((2, 0), 4.0)), "['n'].iloc[2]"),
    Mutation("empty cell", do(frame, lambda it: it.iloc.__setitem__((1, 0), 4.0)), "['n'].iloc[1]"),
    Mutation("text cell", do(frame, lambda it: it.iloc.__setitem__((0, 1), "w")), "['t'].array[0]"),
    Mutation("object cell", do(frame, lambda it: it.iloc[0, 2].append(1)), "['o'].iloc[0]"),
    Mutation(
        "code", do(frame, lambda it: it.iloc.__setitem__((0, 3), "v")), "['c'].array.codes[0]"
    ),
    Mutation("masked cell", do(frame, lambda it: it.iloc.__setitem__((1, 4), 2)), "['i'].array[1]"),
    Mutation(
        "moment",
        do(frame, lambda it: it.iloc.__setitem__((0, 5), pd.Timestamp("2021", tz="UTC"))),
        "['d'].array[0]",
    ),
    Mutation("label", lambda it: frame().rename(index={20: 21} if it else {}), ".index[1]"),
    Mutation(
        "name of the index", lambda it: frame().rename_axis("by" if it else "at"), ".index.names[0]"
    ),
    Mutation(
        "column name", lambda it: frame().rename(columns={"t": "s"} if it else {}), ".columns[1]"
    ),
    Mutation("column dtype", lambda it: frame().astype({"n": "f4"} if it else {}), "['n'].dtype"),
    Mutation("rows", lambda it: frame().iloc[: 2 if it else 3], ".shape"),
    Mutation("attrs", do(frame, lambda it: it.attrs.update(a=1)), ".attrs['a']"),
    Mutation("series cell", do(column("n"), lambda it: it.iloc.__setitem__(2, 4.0)), ".iloc[2]"),
    Mutation("series name", do(column("n"), lambda it: setattr(it, "name", "m")), ".name"),
    Mutation("series label", lambda it: column("n")().rename({20: 21} if it else {}), ".index[1]"),
    Mutation("level", lambda it: levels(3 if it else 2), ".get_level_values(1)[1]"),
    Mutation(
        "level name",
        do(lambda: levels(2), lambda it: setattr(it, "names", ["x", "z"])),
        ".names[1]",
    ),
    Mutation(
        "zone", lambda it: column("d")().dt.tz_convert("Europe/Paris" if it else "UTC"), ".dtype"
    ),
    Mutation(
        "frequency",
        do(lambda: pd.date_range("2020", periods=3), lambda it: setattr(it, "freq", None)),
        ".freq",
    ),
    Mutation(
        "interval", lambda it: pd.interval_range(0, 3, closed="left" if it else "right"), ".dtype"
    ),
    Mutation("period", lambda it: pd.Period("2020", "Y" if it else "M")),
    Mutation(
        "timestamp", lambda it: pd.Timestamp("2020").as_unit("ns") + pd.Timedelta(int(it), "ns")
    ),
    Mutation("unit", lambda it: pd.Timestamp("2020").as_unit("s" if it else "ns")),
    Mutation(
        "zone of a timestamp",
        lambda it: pd.Timestamp("2020", tz="UTC").tz_convert("Europe/Paris" if it else "UTC"),
        "",
    ),
    Mutation("nothing", either([pd.NA], [None]), "[0]"),
    Mutation("no time", either([pd.NaT], [None]), "[0]"),
]
