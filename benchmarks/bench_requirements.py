"""Finding the smallest requirements of a model, environments at hand; MLflow's inference beside it.

Run: `python benchmarks/bench_requirements.py`, with scikit-learn installed and, to compare, mlflow
(or mlflow-skinny). The first search builds what the others use. Times are medians in milliseconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LinearRegression

from pytest_portable.engine.session import Session
from pytest_portable.environment import default_cache_dir
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 3


def median_ms(action: Callable[[], object]) -> float:
    """Return the median time of an action in milliseconds."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def model() -> LinearRegression:
    """Return a fitted model."""
    data = np.arange(6).reshape(3, 2)
    return LinearRegression().fit(data, [1, 2, 3])


def peer(fitted: LinearRegression, folder: Path) -> Callable[[], object] | None:
    """Return MLflow's inference for a model, if MLflow is here."""
    try:
        import mlflow.sklearn
        from mlflow.models import infer_pip_requirements
    except ImportError:
        return None
    mlflow.sklearn.save_model(
        fitted,
        str(folder / "model"),
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )
    return lambda: infer_pip_requirements(str(folder / "model"), "sklearn")


def main() -> None:
    """Measure and print."""
    fitted = model()
    sample = np.arange(2).reshape(1, 2)
    with tempfile.TemporaryDirectory() as folder:
        session = Session(root=Path(folder), cache_dir=default_cache_dir())
        try:
            portable = portable_on(session, Leg())
            plain = {"numbers": list(range(100))}
            searches = {
                "standard library": lambda: portable.requirements(plain),
                "an array": lambda: portable.requirements(sample),
                "a model and its predict()": lambda: portable.requirements(
                    fitted, probe="obj.predict(X).tolist()", X=sample
                ),
            }
            for name, search in searches.items():
                found = search()
                print(f"{name:28} {median_ms(search):8.0f} ms  {found}")
        finally:
            session.close()
        inference = peer(fitted, Path(folder))
        if inference is None:
            print("mlflow is not installed: not compared")
        else:
            print(f"{'MLflow, the same model':28} {median_ms(inference):8.0f} ms  {inference()}")


if __name__ == "__main__":
    main()
