"""Tables, labelled arrays and classes with generated methods; what is not installed is skipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_portable.equivalence import compare
from unit.equivalence.samples import paths, trip


def _frame() -> Any:
    pd = pytest.importorskip("pandas")
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
        pd = pytest.importorskip("pandas")
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
        pd = pytest.importorskip("pandas")
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

        returned.t.values[0, 1] = 4

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
    original = pytest.importorskip("pandas").Period("2020", "Y")
    returned = trip([original])
    use(original)

    assert not compare([original], returned)
    assert not compare(returned, [original])
