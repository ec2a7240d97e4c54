"""The graph against CPython's own unpickler, over what libraries and other Pythons really write."""

from __future__ import annotations

import io
import pickle
import re
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_portable.environment import find_interpreter
from pytest_portable.errors import InterpreterNotFoundError
from pytest_portable.payload.inspection import inspect_payload
from unit.payload.test_lenses import globals_of, wrong_paths
from unit.payload.truth import load

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

# scikit-learn sends its version with the state, and `__setstate__` takes it off again; pandas
# makes objects of its own of the plain ones that it is given.
TAKEN_OFF = "._sklearn_version: AttributeError"
TURNED = re.compile(r"(\._flags: <Flags|\.(levels|codes|names): FrozenList\()")


def fit(estimator: Any) -> object:
    """Fit to whatever of a few toy tables the estimator takes."""
    generator = np.random.default_rng(0)
    table = generator.random((24, 4))
    classes = np.arange(24) % 2
    attempts: list[tuple[object, ...]] = [
        (table, classes),
        (table, table[:, :2]),
        (table[:, 0], classes),
        (["a b", "b c d", "a c"] * 8,),
        (table, np.stack([classes, 1 - classes], axis=1)),
        ([{"a": 1, "b": 2.5}] * 3,),
    ]
    for attempt in attempts:
        try:
            return estimator.fit(*attempt)
        except Exception:  # noqa: BLE001, PERF203 (what it takes is its own affair)
            continue
    return None


@pytest.mark.filterwarnings("ignore")
def test_what_is_read_of_every_fitted_estimator_is_true() -> None:
    discovery = pytest.importorskip("sklearn.utils.discovery")

    checked, wrong = 0, {}
    for name, estimator in discovery.all_estimators():
        try:
            fitted = fit(estimator())
        except TypeError:  # it takes other estimators
            continue
        if fitted is None:
            continue
        payload = pickle.dumps(fitted)
        loaded = load(payload)
        if found := [path for path in wrong_paths(payload, loaded) if TAKEN_OFF not in path]:
            wrong[name] = found[:3]
        if globals_of(payload) != loaded.globals:
            wrong[f"{name}, globals"] = sorted(map(str, globals_of(payload) ^ loaded.globals))
        checked += 1

    assert not wrong
    assert checked > 120


def arrays() -> dict[str, object]:
    table = np.arange(12.0).reshape(3, 4)
    shared = [np.float32(1.5)]
    return {
        "orders": [table, np.asfortranarray(table), table.T, table[::2], table[:0]],
        "kinds": [
            np.array(values)
            for values in ([True], [1], [1j], ["a", "bc"], [b"x"], ["2020-01-01T00"])
        ],
        "times": [np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.array(["NaT"], "M8[s]")],
        "objects": np.array([len, {"k": shared}, shared, None], dtype=object),
        "records": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "structured": np.zeros(2, dtype=[("p", [("x", "f4"), ("y", "f4", (2,))])]),
        "masked": np.ma.array([1, 2, 3], mask=[False, True, False]),
        "filled": np.ma.array([1.0], mask=[False], fill_value=3.0),
        "seeds": [np.random.SeedSequence(5).spawn(1)[0], np.random.Generator(np.random.SFC64(1))],
        "scalars": [np.int8(1), np.float16(2), np.bool_(1), np.str_("s"), np.complex64(1j)],
        "types": [np.float64, np.dtype("f4"), np.dtype(">i2"), np.ufunc, np.add, np.linalg.norm],
        "random": [np.random.default_rng(1), np.random.PCG64(2), np.random.RandomState(3)],
        "polynomial": np.polynomial.Polynomial([1, 2]),
        "zero": np.array(3),
    }


def frames() -> dict[str, object]:
    pd = pytest.importorskip("pandas")
    days = pd.date_range("2020-01-01", periods=3, tz="UTC")
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [1.5, 2.5, None]})
    return {
        "frame": frame,
        "mixed": frame.assign(t=days, k=pd.Categorical(["u", "v", "u"]), o=[[len], {}, None]),
        "series": [frame["a"], frame["b"].rename("other"), pd.Series(dtype="Int64")],
        "indices": [
            pd.Index([1, 2]),
            pd.RangeIndex(4),
            days,
            pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["l", "n"]),
            pd.CategoricalIndex(["a", "b"]),
            pd.IntervalIndex.from_breaks([0, 1, 2]),
            pd.period_range("2020", periods=2, freq="M"),
            pd.timedelta_range("1s", periods=2),
            pd.date_range("2020", periods=3),
            pd.date_range("2020", periods=3, freq="MS"),
        ],
        "backed": [days.array, pd.Categorical(["a", None]), pd.Series(["a"]).array],
        "scalars": [pd.Timestamp("2020", tz="UTC"), pd.Timedelta("1s"), pd.NaT, pd.NA],
        "spans": [pd.Interval(0, 1), pd.Period("2020-01"), pd.offsets.MonthEnd(2)],
        "arrays": [
            pd.array([1, None]),
            pd.array([True, None]),
            pd.array(["a", None], dtype="string"),
            pd.arrays.SparseArray([0, 0, 1]),
        ],
        "types": [pd.CategoricalDtype(["a"]), pd.DatetimeTZDtype(tz="UTC"), pd.Int64Dtype()],
        "grouped": frame.set_index(["a", "b"]),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zoo", [arrays, frames])
def test_what_is_read_of_arrays_and_frames_is_true(zoo: Callable[[], dict[str, object]]) -> None:
    checked, wrong = 0, {}
    for name, thing in zoo().items():
        for protocol in range(6):
            payload = pickle.dumps(thing, protocol)
            loaded = load(payload)
            found = [path for path in wrong_paths(payload, loaded) if not TURNED.search(path)]
            found += sorted(map(str, globals_of(payload) ^ loaded.globals))
            if found:
                wrong[f"{name}, protocol {protocol}"] = found[:4]
            checked += 1

    assert not wrong
    assert checked >= 48


def test_paths_into_tables_are_what_a_person_writes() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"t": pd.Categorical([1, 2])}, index=pd.date_range("2020", periods=2))
    bits = np.random.default_rng(1)

    paths = {path for thing in (frame, frame["t"], bits) for path in paths_of(thing)}

    assert not [path for path in paths if "__reduce_ex__" in path]
    assert {
        "obj._mgr.axes[0]",
        "obj._mgr.blocks[0].values",
        "obj._mgr.blocks[0].values.dtype.categories",
        "obj.bit_generator.seed_seq.pool",
    } <= paths


def paths_of(thing: object) -> list[str]:
    references = inspect_payload(pickle.dumps(thing, 5)).references
    return [path for reference in references for path in reference.paths]


# Run by other Pythons: standard library only, 3.8's syntax. No paths: what 3.13 names, no older
# Python can load, and only what loads can be compared.
WRITER = """
import collections, datetime, decimal, fractions, functools, operator, pickle, re, sys
import types, uuid

shared = [1, 2]
things = [
    {"a": [1, (2, {"b": {3}})], 1.5: b"x", None: frozenset("q"), (1, 2): "t\\xe9", "n": 2 ** 100},
    [shared, shared, {"again": shared}, -1, 70000, True],
    functools.partial(sorted, shared, key=len),
    [collections.OrderedDict(a=shared), collections.defaultdict(list, k=[1])],
    [collections.deque([shared, [3]], maxlen=5), collections.Counter("aab")],
    [collections.ChainMap({"a": shared}), types.SimpleNamespace(a=shared)],
    [datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), datetime.timedelta(1)],
    [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=5), complex(1, 2)],
    [re.compile("a+"), slice(1, 2), range(3)],
    [operator.itemgetter(1), bytearray(b"ab"), "abc".upper, ValueError("x", [1])],
    [len, dict, collections.abc.Mapping, pickle.PicklingError, None, ..., NotImplemented],
]
out = sys.stdout.buffer
for thing in things:
    for protocol in range(6):
        pickle.dump(pickle.dumps(thing, protocol), out)
"""


@pytest.mark.parametrize("python", ["3.8", "3.10", "3.12", "3.13"])
def test_what_is_read_of_other_pythons_payloads_is_true(python: str) -> None:
    try:
        executable = find_interpreter(python).path
    except InterpreterNotFoundError:
        pytest.skip(f"no Python {python} here")
    done = subprocess.run([executable, "-c", WRITER], capture_output=True, check=True)

    stream, payloads = io.BytesIO(done.stdout), list[bytes]()
    while stream.tell() < len(done.stdout):
        payloads.append(pickle.load(stream))
    assert len(payloads) == 66
    for payload in payloads:
        loaded = load(payload)
        assert globals_of(payload) == loaded.globals
        assert wrong_paths(payload, loaded) == []
