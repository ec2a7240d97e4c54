"""Arrays, tables, models and figures: NumPy, pandas, polars, pyarrow, xarray, SciPy, scikit-learn, Matplotlib, NetworkX, Shapely."""

from __future__ import annotations

import datetime as dt
import io

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.interpolate
import scipy.sparse
import scipy.spatial
import scipy.stats
import shapely
import shapely.geometry
import shapely.prepared
import sklearn.compose
import sklearn.datasets
import sklearn.decomposition
import sklearn.ensemble
import sklearn.linear_model
import sklearn.model_selection
import sklearn.neighbors
import sklearn.pipeline
import sklearn.preprocessing
import sklearn.svm
import xarray as xr
from rows import Row, judge, main

ALL = ("pickle", "dill", "cloudpickle", "joblib")
X, Y = sklearn.datasets.make_classification(60, 5, random_state=0)


def every(what):
    return dict.fromkeys(ALL, what)


def arrays(one, two):
    return type(one) is type(two) and one.dtype == two.dtype and np.array_equal(one, two)


def frames(one, two):
    return one.equals(two) and type(one) is type(two)


def texts(one, two):
    return str(one) == str(two) and type(one) is type(two)


def predictions(one, two):
    return np.array_equal(one.predict(X), two.predict(X))


def pixels(found):
    file = io.BytesIO()
    found.savefig(file, format="raw")
    return file.getvalue()


def drawn(one, two):
    return pixels(one) == pixels(two)


def figure():
    found, axes = plt.subplots()
    axes.plot([1, 2, 3], label="a")
    axes.set_title("title")
    axes.legend()
    plt.close(found)
    return found


def bars():
    found, (left, right) = plt.subplots(1, 2)
    left.bar(["a", "b"], [1, 2])
    right.imshow(np.eye(3))
    plt.close(found)
    return found


def structured():
    return np.array([(1, 2.5, "a")], dtype=[("n", "i4"), ("x", "f8"), ("s", "U3")])


def masked():
    return np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=9)


def table():
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [1.5, np.nan, 2.5],
            "s": ["a", None, "c"],
            "when": pd.date_range("2024-01-01", periods=3, tz="UTC"),
            "kind": pd.Categorical(["u", "v", "u"]),
        },
        index=pd.Index(["i", "j", "k"], name="key"),
    )


def used_table():
    found = table()
    found["n"], found.x.mean(), found.loc["i"]
    return found


def grouped():
    return table().groupby("kind", observed=True).sum(numeric_only=True)


def dataset():
    return xr.Dataset(
        {"t": (("x", "y"), np.arange(6.0).reshape(2, 3), {"units": "K"})},
        coords={"x": [10, 20], "y": ["a", "b", "c"]},
        attrs={"title": "zoo"},
    )


def graph():
    found = nx.DiGraph(name="g")
    found.add_edge("a", "b", weight=2)
    found.add_node(("t", 1), colour="red")
    return found


def graphs(one, two):
    return nx.utils.graphs_equal(one, two) and type(one) is type(two)


def columns():
    return sklearn.compose.ColumnTransformer(
        [("scale", sklearn.preprocessing.StandardScaler(), [0, 1])], remainder="passthrough"
    ).fit(X)


def searched():
    return sklearn.model_selection.GridSearchCV(
        sklearn.linear_model.LogisticRegression(), {"C": [0.1, 1]}, cv=2
    ).fit(X, Y)


def piped():
    return sklearn.pipeline.make_pipeline(
        sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()
    ).fit(X, Y)


def forest():
    return sklearn.ensemble.RandomForestClassifier(5, random_state=0).fit(X, Y)


def boosted():
    return sklearn.ensemble.HistGradientBoostingClassifier(max_iter=5).fit(X, Y)


def transforms(one, two):
    return np.array_equal(one.transform(X), two.transform(X))


# A counter of callbacks starts again whenever something is loaded.
COUNTER = {"all": "mismatch"}

ROWS = [
    Row("numpy", "array", lambda: np.arange(12.0).reshape(3, 4), arrays, serializers=ALL),
    Row(
        "numpy",
        "Fortran order",
        lambda: np.asfortranarray(np.eye(3)),
        lambda a, b: arrays(a, b) and b.flags.f_contiguous,
    ),
    Row("numpy", "part of an array", lambda: np.arange(10)[::3], arrays, serializers=ALL),
    Row("numpy", "empty", lambda: np.empty((0, 3)), arrays),
    Row(
        "numpy",
        "nan and infinity",
        lambda: np.array([np.nan, np.inf, -0.0]),
        lambda a, b: np.array_equal(a, b, equal_nan=True),
    ),
    Row(
        "numpy",
        "objects",
        lambda: np.array([1, "a", None, [2]], dtype=object),
        lambda a, b: list(a) == list(b),
        serializers=ALL,
    ),
    Row("numpy", "structured", structured, arrays),
    Row("numpy", "masked", masked, lambda a, b: str(a) == str(b) and a.fill_value == b.fill_value),
    Row("numpy", "texts", lambda: np.array(["a", "bc"]), arrays),
    Row(
        "numpy",
        "variable texts",
        lambda: np.array(["a", "bc"], dtype=np.dtypes.StringDType()),
        lambda a, b: list(a) == list(b),
    ),
    Row(
        "numpy",
        "dates",
        lambda: np.array(["2024-01-01", "NaT"], dtype="M8[D]"),
        lambda a, b: texts(a, b) and a.dtype == b.dtype,
    ),
    Row("numpy", "scalar", lambda: np.float32(1.5), lambda a, b: a == b and a.dtype == b.dtype),
    Row("numpy", "dtype", lambda: np.dtype([("a", "i4"), ("b", "f8", (2,))])),
    Row(
        "numpy",
        "record array",
        lambda: np.rec.array([(1, "a")], names="n,s"),
        lambda a, b: a.tolist() == b.tolist() and b.n[0] == 1,
    ),
    Row(
        "numpy",
        "generator",
        lambda: np.random.default_rng(3),
        lambda a, b: a.random() == b.random(),
    ),
    Row(
        "numpy",
        "old generator",
        lambda: np.random.RandomState(3),
        lambda a, b: a.rand() == b.rand(),
    ),
    Row("numpy", "polynomial", lambda: np.polynomial.Polynomial([1, 2, 3])),
    Row("numpy", "ufunc", lambda: np.add, lambda a, b: a is b),
    Row(
        "numpy",
        "big-endian",
        lambda: np.arange(3, dtype=">i4"),
        arrays,
        # NumPy itself forgets the order of bytes before protocol 5.
        fails={"pickle": "compare mismatch", "dill": "compare mismatch"},
    ),
    Row("pandas", "table", table, frames, serializers=ALL),
    Row("pandas", "used table", used_table, frames),
    Row("pandas", "grouped", grouped, frames),
    Row("pandas", "several levels", lambda: table().set_index(["kind", "n"]), frames),
    Row("pandas", "series", lambda: pd.Series([1, 2], name="s", dtype="Int64"), frames),
    Row("pandas", "texts", lambda: pd.Series(["a", None], dtype="string"), frames),
    Row("pandas", "point in time", lambda: pd.Timestamp("2024-01-01", tz="Europe/Berlin")),
    Row(
        "pandas", "NaT and NA", lambda: [pd.NaT, pd.NA], lambda a, b: a[0] is b[0] and a[1] is b[1]
    ),
    Row("pandas", "interval index", lambda: pd.interval_range(0, 3), frames),
    Row("pandas", "period", lambda: pd.Period("2024-01", "M")),
    Row("pandas", "offset", lambda: pd.offsets.BusinessDay(2)),
    Row("pandas", "categories", lambda: pd.CategoricalDtype(["a", "b"], ordered=True)),
    Row(
        "pandas",
        "attributes of a table",
        lambda: _with_attrs(table()),
        lambda a, b: frames(a, b) and a.attrs == b.attrs,
    ),
    Row(
        "polars",
        "table",
        lambda: pl.DataFrame({"n": [1, 2], "s": ["a", None], "l": [[1], []]}),
        frames,
        serializers=ALL,
    ),
    Row("polars", "series", lambda: pl.Series("s", [1.5, None]), frames),
    Row("polars", "expression", lambda: pl.col("a") + 1, lambda a, b: a.meta.eq(b)),
    Row(
        "polars",
        "lazy table",
        lambda: pl.LazyFrame({"a": [1, 2]}).filter(pl.col("a") > 1),
        lambda a, b: a.collect().equals(b.collect()),
    ),
    Row("polars", "data type", lambda: [pl.Int64(), pl.List(pl.String), pl.Datetime("us", "UTC")]),
    Row("polars", "schema", lambda: pl.DataFrame({"n": [1]}).schema),
    Row(
        "pyarrow",
        "table",
        lambda: pa.table({"n": [1, None], "s": ["a", "b"]}),
        frames,
        serializers=ALL,
    ),
    Row("pyarrow", "array", lambda: pa.array([[1], None, [2, 3]]), frames),
    Row("pyarrow", "dictionary", lambda: pa.array(["a", "b", "a"]).dictionary_encode(), frames),
    Row(
        "pyarrow",
        "schema",
        lambda: pa.schema([pa.field("a", pa.int32(), nullable=False)], metadata={"k": "v"}),
        frames,
    ),
    Row("pyarrow", "scalar", lambda: pa.scalar(dt.date(2024, 1, 1)), frames),
    Row("pyarrow", "part of an array", lambda: pa.array([1, 2, 3, 4])[1:3], frames),
    Row("pyarrow", "record batch", lambda: pa.record_batch({"a": [1, 2]}), frames),
    Row("xarray", "dataset", dataset, lambda a, b: a.identical(b), serializers=ALL),
    Row("xarray", "array", lambda: dataset()["t"].sel(x=10), lambda a, b: a.identical(b)),
    Row("xarray", "read dataset", lambda: _read(dataset()), lambda a, b: a.identical(b)),
    Row(
        "scipy",
        "sparse array",
        lambda: scipy.sparse.csr_array(np.eye(3)),
        lambda a, b: (a != b).nnz == 0,
    ),
    Row(
        "scipy",
        "sparse matrix",
        lambda: scipy.sparse.coo_matrix(np.eye(3)),
        lambda a, b: (a.tocsr() != b.tocsr()).nnz == 0,
    ),
    Row(
        "scipy",
        "spline",
        lambda: scipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4]),
        lambda a, b: a(1.5) == b(1.5),
    ),
    Row(
        "scipy",
        "frozen distribution",
        lambda: scipy.stats.norm(1, 2),
        lambda a, b: a.cdf(1.5) == b.cdf(1.5),
    ),
    Row(
        "scipy",
        "tree",
        lambda: scipy.spatial.cKDTree(np.eye(3)),
        lambda a, b: a.query([1, 0, 0]) == b.query([1, 0, 0]),
    ),
    Row(
        "scipy",
        "rotation",
        lambda: scipy.spatial.transform.Rotation.from_euler("z", 90, degrees=True),
        lambda a, b: np.array_equal(a.as_quat(), b.as_quat()),
    ),
    Row(
        "scipy",
        "hull",
        lambda: scipy.spatial.ConvexHull([[0, 0], [1, 0], [0, 1]]),
        lambda a, b: a.volume == b.volume,
    ),
    Row(
        "scikit-learn",
        "estimator",
        lambda: sklearn.linear_model.LogisticRegression().fit(X, Y),
        predictions,
        serializers=ALL,
    ),
    Row(
        "scikit-learn",
        "new estimator",
        lambda: sklearn.svm.SVC(C=3),
        lambda a, b: a.get_params() == b.get_params(),
    ),
    Row("scikit-learn", "support vectors", lambda: sklearn.svm.SVC().fit(X, Y), predictions),
    Row("scikit-learn", "pipeline", piped, predictions, serializers=ALL),
    Row("scikit-learn", "forest", forest, predictions, serializers=ALL),
    Row("scikit-learn", "boosting", boosted, predictions),
    Row("scikit-learn", "columns", columns, transforms),
    Row("scikit-learn", "search", searched, predictions),
    Row(
        "scikit-learn",
        "neighbours",
        lambda: sklearn.neighbors.KNeighborsClassifier(3).fit(X, Y),
        predictions,
    ),
    Row("scikit-learn", "components", lambda: sklearn.decomposition.PCA(2).fit(X), transforms),
    Row(
        "scikit-learn",
        "bunch",
        sklearn.datasets.load_iris,
        lambda a, b: np.array_equal(a.data, b.data),
    ),
    Row(
        "scikit-learn",
        "lambda in a transformer",
        lambda: sklearn.preprocessing.FunctionTransformer(lambda x: x),
        transforms,
        fails={"pickle": "dump unserializable", "joblib": "dump unserializable"},
        serializers=("pickle", "joblib"),
    ),
    Row("matplotlib", "figure", figure, drawn, notes=COUNTER),
    Row("matplotlib", "bars and an image", bars, drawn, notes=COUNTER),
    Row("matplotlib", "colour map", lambda: plt.get_cmap("viridis"), lambda a, b: a(0.3) == b(0.3)),
    Row(
        "matplotlib",
        "norm",
        lambda: mpl.colors.LogNorm(1, 10),
        lambda a, b: a(3) == b(3),
        notes=COUNTER,
    ),
    Row(
        "matplotlib",
        "transform",
        lambda: mpl.transforms.Affine2D().rotate_deg(30),
        lambda a, b: np.array_equal(a.get_matrix(), b.get_matrix()),
    ),
    Row(
        "matplotlib",
        "path",
        lambda: mpl.path.Path([[0, 0], [1, 1]]),
        lambda a, b: np.array_equal(a.vertices, b.vertices),
    ),
    Row("networkx", "directed graph", graph, graphs),
    Row("networkx", "read graph", lambda: _walk(graph()), graphs),
    Row("networkx", "generated graph", nx.karate_club_graph, graphs),
    Row(
        "networkx",
        "view",
        lambda: nx.subgraph_view(graph(), filter_node=str),
        graphs,
        fails={"pickle": "dump unserializable"},
    ),
    Row("shapely", "polygon", lambda: shapely.geometry.box(0, 0, 1, 2)),
    Row(
        "shapely",
        "collection",
        lambda: shapely.geometry.GeometryCollection(
            [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)])]
        ),
    ),
    Row(
        "shapely",
        "with a reference system",
        lambda: shapely.set_srid(shapely.Point(1, 2), 4326),
        lambda a, b: a == b and shapely.get_srid(b) == 4326,
    ),
    Row(
        "shapely",
        "array of points",
        lambda: shapely.points(np.eye(2)),
        lambda a, b: list(a) == list(b),
    ),
    Row(
        "shapely",
        "prepared",
        lambda: shapely.prepared.prep(shapely.Point(1, 2)),
        lambda a, b: b.contains(shapely.Point(1, 2)),
        fails=every("dump unserializable"),
    ),
    Row(
        "shapely",
        "tree",
        lambda: shapely.STRtree([shapely.Point(1, 2)]),
        lambda a, b: list(b.query(shapely.box(0, 0, 3, 3))) == [0],
    ),
]


def _with_attrs(found):
    found.attrs["source"] = "zoo"
    return found


def _read(found):
    found["t"], found.x, found.attrs, found.sizes
    return found


def _walk(found):
    found.nodes, found.edges, found.adj, found.degree, found.succ
    return found


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
