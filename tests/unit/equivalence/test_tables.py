"""Tables, labelled arrays and classes with generated methods; what is not installed is skipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_portable.equivalence import compare
from unit.equivalence.samples import paths, trip


def _frame() -> Any:
    return pd.DataFrame(
        {
            "a": [1, 2, np.nan],
            "b": list("xyz"),
            "c": pd.Categorical(["u", "v", "u"]),
            "d": pd.date_range("2020", periods=3, tz="UTC"),
            "e": pd.array([1, None, 3], dtype="Int64"),
            "f": pd.Series([{1: 2}, [3], None], dtype=object),
        },
    ).set_index(pd.MultiIndex.from_product([[1], [2, 3, 4]], names=["i", "j"]))


class TestPandas:
    def test_a_frame_is_equal_to_its_copy(self) -> None:
        original = _frame()

        assert not compare(original, trip(original))
        for name in original:
            assert not compare(original[name], trip(original[name]))

    def test_values(self) -> None:
        original = _frame()
        returned = trip(original)
        returned.iloc[1, 0] = 5
        returned.iloc[2, 4] = 9
        returned.iloc[0, 5][1] = 3

        assert paths(original, returned) == [
            "obj['a'].iloc[1]",
            "obj['e'].array[2]",
            "obj['f'].iloc[0][1]",
        ]

    def test_flags(self) -> None:
        original = _frame()
        strict = original.set_flags(allows_duplicate_labels=False)

        assert not compare(strict, trip(strict))
        assert paths(strict, original) == ["obj.flags.allows_duplicate_labels"]
        assert paths(strict["a"], original["a"]) == ["obj.flags.allows_duplicate_labels"]

    def test_intervals(self) -> None:
        original = pd.Interval(0, 1, closed="left")

        assert not compare(original, trip(original))
        assert paths(original, pd.Interval(0.0, 1, closed="left")) == ["obj.left"]
        assert paths(original, pd.Interval(0, 2)) == ["obj.right", "obj.closed"]

    def test_form(self) -> None:
        original = _frame()

        assert paths(original, original.astype({"a": "f4"})) == ["obj['a'].dtype"]
        assert paths(original, original.iloc[:2]) == ["obj.shape"]
        assert paths(original["a"], original["a"].iloc[:2]) == ["obj"]
        assert paths(original["a"], original["a"].rename("z")) == ["obj.name"]
        assert len(paths(original, original.rename(columns={"a": "z"}))) == 1
        assert paths(original, original.rename_axis(["i", "k"])) == ["obj.index.names[1]"]
        assert all(
            path.startswith("obj['c'].array.")
            for path in paths(original, original.assign(c=original["c"].cat.as_ordered()))
        )

    def test_indexes(self) -> None:
        indexes = [
            pd.RangeIndex(4),
            pd.Index([1, "a", None]),
            pd.period_range("2020", periods=3),
            pd.timedelta_range("1h", periods=3),
            pd.interval_range(0, 3),
            pd.CategoricalIndex(["a", "b"]),
        ]
        for index in indexes:
            assert not compare(index, trip(index))
            assert compare(index, index[::-1])
            assert compare(index, index[:-1])
            assert compare(index, index.rename("other"))


class TestPolars:
    def test_frames(self) -> None:
        pl = pytest.importorskip("polars")
        original = pl.DataFrame({"a": [1, None], "b": [float("nan"), 2.0], "c": ["x", "y"]})

        assert not compare(original, trip(original))
        assert paths(original, original.with_columns(a=pl.lit(1, dtype=pl.Int64))) == [
            "obj['a'][1]"
        ]
        assert paths(original, original.with_columns(a=pl.lit(1, dtype=pl.Int8))) == [
            "obj['a'].dtype"
        ]
        assert paths(original, original.head(1)) == ["obj.shape"]
        assert paths(original, original.rename({"a": "z"})) == ["obj.columns"]
        assert paths(original["a"], original["a"].head(1)) == ["obj"]
        assert paths(original["a"], original["a"].alias("z")) == ["obj.name"]


class TestXarray:
    def test_datasets(self) -> None:
        xr = pytest.importorskip("xarray")
        original = xr.Dataset({"t": (("x", "y"), np.ones((2, 3)))}, {"x": [1, 2]}, {"u": 1})
        returned = trip(original)

        assert not compare(original, returned)
        assert not compare(original.t, returned.t)

        returned.t.values[0, 1] = 4  # noqa: PD011 - of xarray

        assert paths(original, returned) == ["obj.data_vars['t'].variable.values[0, 1]"]
        assert paths(original, original.assign_attrs(u=2)) == ["obj.attrs['u']"]
        assert paths(original, original.rename(t="s")) == ["obj.data_vars"]
        assert paths(original.t, original.t.rename("s")) == ["obj.name"]
        assert paths(original.t, original.t.T) == ["obj.variable.dims"]
        assert paths(original, original.assign_coords(x=[1, 3])) == [
            "obj.coords['x'].variable.values[1]"
        ]


class TestClassLibraries:
    def test_pydantic(self) -> None:
        pydantic = pytest.importorskip("pydantic")
        model = pydantic.create_model("Model", x=(int, ...), y=(list[float], [float("nan")]))
        one, same, other = model(x=1), model(x=1), model(x=2)

        assert not compare(one, same)
        assert paths(one, other) == ["obj.x"]

    def test_attrs(self) -> None:
        attrs = pytest.importorskip("attrs")
        made = attrs.make_class("Made", ["x", "y"], slots=True)

        assert not compare(made(1, float("nan")), made(1, float("nan")))
        assert paths(made(1, [1]), made(True, [1.0])) == ["obj.x", "obj.y[0]"]


@pytest.mark.parametrize("use", [repr, lambda one: one.freq, hash], ids=["repr", "freq", "hash"])
def test_scalars_of_pandas_leave_their_cache_at_home(use: Any) -> None:
    original = pd.Period("2020", "Y")
    returned = trip([original])
    use(original)

    assert not compare([original], returned)
    assert not compare(returned, [original])


class TestScalarsOfPandas:
    def test_strictly_by_zone_unit_and_type(self) -> None:
        moment = pd.Timestamp("2020", tz="UTC")
        pairs = [
            (moment, moment.tz_convert("Europe/Paris")),
            (pd.Timestamp("2020").as_unit("s"), pd.Timestamp("2020").as_unit("ns")),
            (pd.Timedelta(1, "s").as_unit("s"), pd.Timedelta(1, "s").as_unit("ns")),
            (pd.Interval(0, 1), pd.Interval(0, 1, closed="both")),
            (pd.Timestamp("2020"), pd.Timestamp("2020").to_pydatetime()),
            (pd.offsets.BDay(1), pd.offsets.BDay(2)),
        ]
        for one, other in pairs:
            assert compare([one], trip([one])).items == ()
            assert compare([one], [other]).count == 1

    def test_labels_are_shared_as_pandas_likes(self) -> None:
        original = _frame()
        parts = {"f": original, "a": original["a"], "i": original.index, "c": original.columns}

        assert compare(parts, trip(parts)).items == ()


class TestMoreOfPandas:
    def test_columns_in_another_order(self) -> None:
        original = _frame()

        assert paths(original, original[["b", "a", "c", "d", "e", "f"]]) == [
            "obj.columns[0]",
            "obj.columns[1]",
        ]

    def test_what_a_subclass_keeps(self) -> None:
        one, other = Kept({"a": [1]}), Kept({"a": [1]})
        one.kept, other.kept = [1], [2]

        assert not compare(one, trip(one))
        assert paths(one, other) == ["obj.kept[0]"]

    def test_the_sign_of_zero_and_types_behind_extension_arrays(self) -> None:
        for dtype in ("f8", "Float64", "Sparse[float]"):
            pair = pd.Series([1, 0.0], dtype=dtype), pd.Series([1, -0.0], dtype=dtype)
            assert not compare(*pair)
            assert compare(*pair, signed_zero=True).count == 1
        objects = [pd.Series([value, None], dtype=object).array for value in (1, True)]
        assert paths(*objects) == ["obj[0]"]

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param([0, 0, 1, np.nan], id="sparse"),
            pytest.param([0, 0, 1], id="sparse integers"),
        ],
    )
    def test_sparse_columns(self, values: list[Any]) -> None:
        original = pd.Series(pd.arrays.SparseArray(values))

        assert not compare(original, trip(original))
        assert compare(original, pd.Series(pd.arrays.SparseArray([*values[:-1], 7])))


def test_polars_tells_the_sign_of_zero_when_asked() -> None:
    pl = pytest.importorskip("polars")
    one, other = pl.Series([1.0, 0.0]), pl.Series([1.0, -0.0])

    assert not compare(one, other)
    assert paths(one, other, signed_zero=True) == ["obj[1]"]


def test_trees_of_datasets() -> None:
    xr = pytest.importorskip("xarray")
    leaf = xr.Dataset({"t": ("x", [1.0, np.nan])})
    original = xr.DataTree.from_dict({"/": xr.Dataset(), "/c": leaf, "/d": leaf * 2})
    returned = trip(original)

    assert not compare(original, returned)

    returned["c"]["t"].values[0] = 7  # noqa: PD011 - of xarray

    assert paths(original, returned) == [
        "obj.children['c'].to_dataset(inherit=False).data_vars['t'].variable.values[0]"
    ]


def test_truth_of_something_else_is_no_answer() -> None:
    assert compare(Elementwise(1), Elementwise(2)).count == 1


class Elementwise:
    """Compares element by element, as arrays and expressions do."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> Any:
        return Elementwise((self.value, other))

    __hash__ = None  # type: ignore[assignment]


class Kept(pd.DataFrame):  # type: ignore[misc]
    _metadata = ["kept"]  # noqa: RUF012 - pandas wants a list
    kept: list[int]

    @property
    def _constructor(self) -> type[Kept]:
        return Kept
