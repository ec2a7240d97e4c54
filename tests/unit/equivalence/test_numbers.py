"""Arrays, tensors and models; libraries that are not installed are skipped."""

from __future__ import annotations

import pickle
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_portable.equivalence import compare
from unit.equivalence.samples import changes, paths, trip

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
MASKED: Any = np.ma.array
PAIRS = [("a", "i4"), ("b", "f8")]


def matrix() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy would rather have none of them
        return np.matrix([[1, 2], [3, 4]])


ARRAYS = {
    "float": np.array([1.0, np.nan, -0.0]),
    "complex": np.array([1 + 2j, complex(np.nan, 1)]),
    "text": np.array(["a", "bc"]),
    "bytes": np.array([b"a", b"bc"]),
    "dates": np.array(["NaT", "2020-01-01"], "M8[s]"),
    "big endian": np.arange(3).astype(">i4"),
    "no dimension": np.array(5.0),
    "empty": np.zeros((0, 3)),
    "Fortran order": np.asfortranarray(RNG.random((3, 4))),
    "strided": RNG.random((6, 6))[::2, ::3],
    "structured": np.array([(1, 2.0), (3, np.nan)], [("a", "i4"), ("b", "f8")]),
    "objects": np.array([1, "a", None, [1]], dtype=object),
    "masked": np.ma.masked_array([1, 2, 3], [False, True, False]),
    "half": np.array([1, np.nan], np.float16),
    "scalar": np.float64("nan"),
    "void": np.void(b"abcd"),
    "dtype": np.dtype([("a", ">i4")]),
    "generator": np.random.default_rng(1),
    "ufunc": np.sin,
    "masked records": np.ma.array([(1, 2.0)], [("a", "i4"), ("b", "f8")], mask=[(False, True)]),
    "with metadata": np.zeros(2, np.dtype("f8", metadata={"unit": "m"})),
    "record": np.array([(1, np.nan)], PAIRS)[0],
    "records": np.rec.array([(1, np.nan)], PAIRS),
    "nested fields": np.zeros(2, [("a", [("b", "f4"), ("c", "M8[s]")]), ("d", "i2", (2, 2))]),
    "masked fields": MASKED([(1, 2.0), (3, np.nan)], mask=[(0, 1), (0, 0)], dtype=PAIRS),
    "masked record": MASKED([(1, 2.0)], mask=[(0, 1)], dtype=PAIRS)[0],
    "masked objects": MASKED([[1], 2, 3], mask=[0, 1, 0], dtype=object),
    "matrix": matrix(),
    "object without dimension": np.array({"a": 1}, dtype=object),
    "strided backwards": np.arange(6.0)[::-1],
    "everything": [
        np.float32(1),
        np.str_("a"),
        np.bytes_(b"a"),
        np.datetime64("NaT", "s"),
        np.bool_(1),
    ],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_is_equal_to_its_copy(name: str) -> None:
    original = ARRAYS[name]

    assert not compare(original, _copy(original))
    assert not compare([original, {name: original}], _copy([original, {name: original}]))


def _copy(obj: Any) -> Any:
    return pickle.loads(pickle.dumps(obj, protocol=5))


def test_an_array_that_is_mapped_from_a_file_is_equal_to_its_copy(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "mapped", dtype="i4", mode="w+", shape=(3,))

    assert not compare(mapped, _copy(mapped))
    mapped[1] = 5
    assert paths(mapped, np.zeros_like(mapped)) == ["obj[1]"]


def test_the_metadata_of_a_dtype_is_part_of_it() -> None:
    marked = np.dtype("f8", metadata={"unit": "m"})

    assert not compare(marked, _copy(marked))
    assert paths(marked, np.dtype("f8")) == ["obj.metadata"]
    assert paths(np.zeros(2, marked), np.zeros(2)) == ["obj.dtype.metadata"]
    assert paths(marked, np.dtype("f4")) == ["obj"]
    assert not compare(np.dtype("f8", metadata={}), np.dtype("f8"))


def test_the_fill_value_of_masked_records() -> None:
    original = ARRAYS["masked records"]
    returned = _copy(original)
    returned.fill_value = (5, 1e20)

    assert paths(original, returned) == ["obj.fill_value['a']"]


def test_protocols_below_5_lose_the_byte_order() -> None:
    original = ARRAYS["big endian"]

    assert paths(original, pickle.loads(pickle.dumps(original, protocol=4))) == ["obj.dtype"]


def _changed(name: str, where: Any, value: Any) -> Any:
    returned = _copy(ARRAYS[name])
    returned[where] = value
    return returned


@pytest.mark.parametrize(
    ("name", "where", "value", "expected"),
    [
        pytest.param("float", 1, 2.0, ["obj[1]"], id="float"),
        pytest.param("complex", 0, 2, ["obj[0]"], id="complex"),
        pytest.param("text", 1, "x", ["obj[1]"], id="text"),
        pytest.param("dates", 0, "2020", ["obj[0]"], id="dates"),
        pytest.param("no dimension", (), 1, ["obj[()]"], id="no dimension"),
        pytest.param("Fortran order", (1, 2), 9, ["obj[1, 2]"], id="Fortran order"),
        pytest.param("strided", (2, 1), 9, ["obj[2, 1]"], id="strided"),
        pytest.param("structured", 0, (1, 5.0), ["obj['b'][0]"], id="structured"),
        pytest.param("objects", 0, True, ["obj[0]"], id="object of another type"),
        pytest.param("objects", 3, 0, ["obj[3]"], id="object"),
        pytest.param("masked", 0, 7, ["obj[0]"], id="masked"),
        pytest.param(
            "nested fields",
            1,
            ((1, "NaT"), 0),
            ["obj['a']['b'][1]", "obj['a']['c'][1]"],
            id="nested",
        ),
        pytest.param("masked fields", 1, (4, np.nan), ["obj['a'][1]"], id="masked field"),
        pytest.param("matrix", (1, 1), 7, ["obj[1, 1]"], id="matrix"),
    ],
)
def test_an_element_that_changed(name: str, where: Any, value: Any, expected: list[str]) -> None:
    assert paths(ARRAYS[name], _changed(name, where, value)) == expected


def test_where_how_many_and_how_far() -> None:
    original = np.arange(10.0)
    returned = original.copy()
    returned[[3, 5]] += [0.5, 1]

    item = compare(original, returned).items[0]

    assert item.path == "obj[3]"
    assert item.reason == "2 of 10 elements differ, by at most 1 (relative 0.2)"


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(np.arange(3), np.arange(3.0), ["obj.dtype"], id="dtype"),
        pytest.param(np.zeros(2, "<i4"), np.zeros(2, ">i4"), ["obj.dtype"], id="byte order"),
        pytest.param(np.zeros(2), np.zeros(3), ["obj.shape"], id="shape"),
        pytest.param(np.zeros(2), [0.0, 0.0], ["obj"], id="a list is not an array"),
        pytest.param(np.float64(1), 1.0, ["obj"], id="a float is not a scalar"),
        pytest.param(np.float64(1), np.float64(2), ["obj"], id="scalar"),
        pytest.param(
            np.ma.array([1], mask=[False]),
            np.ma.array([1], mask=[True]),
            ["obj.mask[0]"],
            id="mask",
        ),
        pytest.param(
            np.ma.array([1], fill_value=1),
            np.ma.array([1], fill_value=2),
            ["obj.fill_value"],
            id="fill value",
        ),
        pytest.param(
            np.ma.array([1, 2], mask=[False, True]),
            np.ma.array([1, 3], mask=[False, True]),
            [],
            id="hidden",
        ),
        pytest.param(np.asfortranarray(np.eye(3)), np.eye(3), [], id="memory order"),
    ],
)
def test_form(original: object, returned: object, expected: list[str]) -> None:
    assert paths(original, returned) == expected


def test_what_a_mask_hides_is_no_difference_in_fields_and_objects_either() -> None:
    for name, place in (("masked fields", ("b", 0)), ("masked objects", (None, 1))):
        returned = _copy(ARRAYS[name])
        data = returned.data if place[0] is None else returned.data[place[0]]
        data[place[1]] = 77

        assert compare(ARRAYS[name], returned).items == ()

    returned = _copy(ARRAYS["masked fields"])
    returned.mask["a"][1] = True

    assert paths(ARRAYS["masked fields"], returned) == ["obj.mask['a'][1]"]


def test_two_long_texts_are_shown_where_they_part() -> None:
    item = compare(np.array(["a" * 200]), np.array(["a" * 199 + "b"])).items[0]

    assert item.original != item.returned
    assert item.original.endswith("a'")
    assert item.returned.endswith("b'")


def test_array_options() -> None:
    one, other = np.array([1.0, 0.0]), np.array([1.0 + 1e-9, -0.0])

    assert compare(one, other)
    assert not compare(one, other, rtol=1e-6)
    assert not compare(one, other, atol=1e-6)
    assert paths(one, other, rtol=1e-6, signed_zero=True) == ["obj[1]"]
    assert paths(one * 1j, other * 1j, rtol=1e-6, signed_zero=True) == ["obj[1]"]


def test_who_shares_an_array_means_nothing() -> None:
    one = np.zeros(3)

    assert not compare([one, one], [one.copy(), one.copy()])
    assert paths([one, one], [one.copy(), one + 1]) == ["obj[1][0]"]


class TestScikitLearn:
    def fitted(self) -> Any:
        ensemble = pytest.importorskip("sklearn.ensemble")
        pipeline = pytest.importorskip("sklearn.pipeline")
        preprocessing = pytest.importorskip("sklearn.preprocessing")
        x = np.random.default_rng(0).random((40, 3))
        steps = preprocessing.StandardScaler(), ensemble.RandomForestClassifier(3, random_state=0)
        return pipeline.make_pipeline(*steps).fit(x, x[:, 0] > 0.5)

    def test_a_fitted_pipeline_is_equal_to_its_copy(self) -> None:
        model = self.fitted()

        assert not compare(model, trip(model))

    def test_one_number_in_one_tree(self) -> None:
        model = self.fitted()
        returned = trip(model)
        returned.steps[1][1].estimators_[2].tree_.value[0, 0, 0] = -7

        assert paths(model, returned) == [
            "obj.steps[1][1].estimators_[2].tree_.__getstate__()['values'][0, 0, 0]"
        ]

    def test_joblib_splits_what_an_array_of_objects_shares(self, tmp_path: Any) -> None:
        joblib = pytest.importorskip("joblib")
        ensemble = pytest.importorskip("sklearn.ensemble")
        x = np.random.default_rng(0).random((20, 2))
        model = ensemble.GradientBoostingRegressor(n_estimators=2).fit(x, x[:, 0])
        joblib.dump(model, tmp_path / "model")
        returned = joblib.load(tmp_path / "model")

        assert changes(model, returned) == [("obj._rng", "shared reference lost")]
        assert not compare(model, returned, sharing=False)

    def test_a_parameter(self) -> None:
        model = self.fitted()
        returned = trip(model)
        returned.steps[1][1].n_estimators = 4

        assert paths(model, returned) == ["obj.steps[1][1].n_estimators"]


class TestSparse:
    @pytest.mark.parametrize("form", ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"])
    def test_every_format(self, form: str) -> None:
        sparse = pytest.importorskip("scipy.sparse")
        original = sparse.eye(4).asformat(form)
        other = (sparse.eye(4) * 2).asformat(form)

        assert not compare(original, trip(original))
        assert compare(original, other)
        assert compare(original, original.astype("f4"))

    def test_an_attribute(self) -> None:
        original = pytest.importorskip("scipy.sparse").eye(4).tocsr()
        original.note = [1]
        returned = trip(original)

        assert not compare(original, returned)

        returned.note = [2]

        assert paths(original, returned) == ["obj.__dict__['note'][0]"]

    def test_a_tree_of_neighbours_is_its_points(self) -> None:
        kind = pytest.importorskip("scipy.spatial").cKDTree
        original = kind(RNG.random((60, 3)))

        assert not compare([original], [trip(original)])
        assert paths(original, kind(original.data + np.eye(60, 3)))[0].startswith("obj.data[")


class FakeTensor:
    """As much of a tensor as is asked for, around an array."""

    __slots__ = ("array", "device", "is_strange", "requires_grad")
    layout, is_quantized, is_nested, is_leaf, grad = "torch.strided", False, False, True, None

    def __init__(self, array: Any, *, device: str = "cpu", is_strange: bool = False) -> None:
        self.array, self.device, self.is_strange = np.asarray(array), device, is_strange
        self.requires_grad = False

    dtype = property(lambda self: self.array.dtype)
    shape = property(lambda self: self.array.shape)

    def detach(self) -> FakeTensor:
        return self

    cpu = to_dense = dequantize = resolve_conj = resolve_neg = detach

    def float(self) -> FakeTensor:
        return FakeTensor(self.array)

    def numpy(self) -> Any:
        if self.is_strange:
            raise TypeError
        return self.array


class TestTensors:
    """The comparator of torch without torch, which `tests/frameworks` installs."""

    @pytest.fixture(autouse=True)
    def _torch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = types.ModuleType("torch")
        fake.Tensor = FakeTensor  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "torch", fake)

    @pytest.mark.parametrize(
        ("original", "returned", "expected"),
        [
            pytest.param(FakeTensor([1.0, np.nan]), FakeTensor([1.0, np.nan]), [], id="equal"),
            pytest.param(FakeTensor([1.0]), FakeTensor([2.0]), ["obj[0]"], id="value"),
            pytest.param(FakeTensor([1.0]), FakeTensor([1]), ["obj.dtype"], id="dtype"),
            pytest.param(FakeTensor([1]), FakeTensor([1, 2]), ["obj.shape"], id="shape"),
            pytest.param(
                FakeTensor([1], device="meta"), FakeTensor([2], device="meta"), [], id="no values"
            ),
            pytest.param(
                FakeTensor([1], is_strange=True),
                FakeTensor([2], is_strange=True),
                ["obj[0]"],
                id="bfloat16",
            ),
        ],
    )
    def test_facts_and_values(self, original: Any, returned: Any, expected: list[str]) -> None:
        assert paths(original, returned) == expected


def test_a_big_array_is_compared_block_by_block() -> None:
    original = np.zeros(3_000_000, np.float32)
    returned = pickle.loads(pickle.dumps(original))
    returned[[5, 2_500_000]] = 1

    assert changes(original, returned) == [
        ("obj[5]", "2 of 3000000 elements differ, by at most 1 (relative inf)")
    ]


def test_a_bunch_is_its_items() -> None:
    kind = pytest.importorskip("sklearn.utils").Bunch
    original = kind(one=[1], other=np.arange(2))

    returned = _copy(original)

    assert vars(returned) != vars(original)
    assert not compare(original, returned)
    returned["one"].append(2)
    assert paths(original, returned) == ["obj['one']"]
