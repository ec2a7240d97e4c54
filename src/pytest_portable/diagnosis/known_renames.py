"""Well-known changes: modules that a release of a distribution renamed, added or removed.

The metadata of both sides shows every version skew. Where it is one of these, the message can also
say what happened. Each entry has its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["MOVES", "Move", "find_move"]


@dataclass(frozen=True)
class Move:
    """One thing that a release changed.

    Attributes:
        distribution: canonical name.
        prefix: module, or module and name, that payloads refer to.
        words: what happened, in one clause.
        source: the document that says so.
    """

    distribution: str
    prefix: str
    words: str
    source: str


MOVES: Final = (
    Move(
        "numpy",
        "numpy._core",
        "NumPy 2.0 renamed numpy.core to numpy._core; 1.26.1 and later have stubs that load "
        "most of it up to protocol 4",
        "https://github.com/numpy/numpy/pull/24906",
    ),
    Move(
        "numpy",
        "numpy.core",
        "NumPy 2.0 renamed numpy.core to numpy._core",
        "https://github.com/numpy/numpy/pull/24634",
    ),
    Move(
        "numpy",
        "numpy.random._pickle",
        "NumPy 1.24 and 2.1 changed how random generators are rebuilt",
        "https://github.com/numpy/numpy/pull/22014 https://github.com/numpy/numpy/pull/26260",
    ),
    Move(
        "numpy",
        "numpy.random._generator",
        "NumPy 1.24 and 2.1 changed how random generators are rebuilt",
        "https://github.com/numpy/numpy/pull/22014 https://github.com/numpy/numpy/pull/26260",
    ),
    Move(
        "pandas",
        "pandas.core.indexes.numeric",
        "pandas 2.0 removed Int64Index, UInt64Index and Float64Index",
        "https://github.com/pandas-dev/pandas/issues/53300",
    ),
    Move(
        "pandas",
        "pandas.core.arrays.string_",
        "pandas 3.0 made StringDtype the dtype of text, with a second argument, na_value",
        "https://pandas.pydata.org/docs/whatsnew/v3.0.0.html",
    ),
    Move(
        "pandas",
        "pandas.indexes",
        "pandas 0.20 moved pandas.indexes to pandas.core.indexes",
        "https://github.com/pandas-dev/pandas/issues/16474",
    ),
    Move(
        "scikit-learn",
        "sklearn.tree._tree",
        "scikit-learn 1.3 added missing_go_to_left to the nodes of trees",
        "https://github.com/EnMAP-Box/enmap-box/issues/614",
    ),
    Move(
        "scikit-learn",
        "sklearn.externals.joblib",
        "scikit-learn 0.23 removed the joblib that it carried",
        "https://scikit-learn.org/stable/whats_new/v0.23.html",
    ),
    *(
        Move(
            "scikit-learn",
            f"sklearn.{module}",
            f"scikit-learn 0.22 renamed it to sklearn.{renamed}; 0.24 removed the old name",
            "https://scikit-learn.org/stable/whats_new/v0.22.html",
        )
        for module, renamed in (
            ("tree.tree", "tree._classes"),
            ("ensemble.forest", "ensemble._forest"),
            ("ensemble.gradient_boosting", "ensemble._gb"),
            ("linear_model.base", "linear_model._base"),
            ("linear_model.logistic", "linear_model._logistic"),
            ("svm.classes", "svm._classes"),
            ("preprocessing.data", "preprocessing._data"),
            ("preprocessing.label", "preprocessing._label"),
            ("neighbors.classification", "neighbors._classification"),
            ("decomposition.pca", "decomposition._pca"),
            ("cluster.k_means_", "cluster._kmeans"),
        )
    ),
    Move(
        "scipy",
        "scipy.sparse._",
        "SciPy 1.8 gave its private modules a leading underscore",
        "https://docs.scipy.org/doc/scipy/release/1.8.0-notes.html",
    ),
    Move(
        "scipy",
        "scipy.interpolate._",
        "SciPy 1.8 gave its private modules a leading underscore",
        "https://docs.scipy.org/doc/scipy/release/1.8.0-notes.html",
    ),
    Move(
        "matplotlib",
        "matplotlib.axes._subplots",
        "Matplotlib 3.7 made every Axes a subplot and dropped this module",
        "https://matplotlib.org/stable/api/prev_api_changes/api_changes_3.7.0.html",
    ),
    Move(
        "pydantic",
        "pydantic.fields.ModelField",
        "pydantic 2 replaced ModelField by FieldInfo",
        "https://docs.pydantic.dev/latest/migration/",
    ),
    Move(
        "pydantic",
        "pydantic._internal",
        "pydantic 2 was rewritten; models of one major version do not load in the other",
        "https://docs.pydantic.dev/latest/migration/",
    ),
    Move(
        "",
        "pathlib._local",
        "Python 3.13 moved the classes of pathlib to pathlib._local",
        "https://github.com/python/cpython/issues/133789",
    ),
)


def find_move(module: str, name: str = "") -> Move | None:
    """Return the entry for a module, or for a name in it; the longest match."""
    whole = f"{module}.{name}".rstrip(".")
    known = [move for move in MOVES if _is_in(whole, move.prefix)]
    return max(known, key=lambda move: len(move.prefix), default=None)


def _is_in(whole: str, prefix: str) -> bool:
    return whole == prefix or whole.startswith(prefix if prefix.endswith("_") else f"{prefix}.")
