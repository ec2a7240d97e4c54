"""Every estimator of scikit-learn, fitted, comes back from an environment of the same versions."""

from __future__ import annotations

import importlib.metadata
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.engine import Session
from pytest_portable.plan import Leg

if TYPE_CHECKING:
    from pathlib import Path

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

pytestmark = [pytest.mark.slow, pytest.mark.network]

STACK = ("scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl")
NUMBERS = np.random.RandomState(0).rand(30, 4)
LABELS = (NUMBERS[:, 0] > 0.5).astype(int)
# The first that an estimator can be fitted on is taken.
DATA: tuple[tuple[Any, ...], ...] = (
    (NUMBERS, LABELS),
    (NUMBERS,),
    (NUMBERS, np.c_[LABELS, 1 - LABELS]),
    (["ab cd", "cd ef"] * 15, LABELS),
    ([{"a": 1.0, "b": 2.0}] * 30, LABELS),
    (NUMBERS[:, 0], LABELS.astype(float)),
    (list("aab"),),
)
PROBES = ("predict", "transform", "fit_predict", "fit_transform")


def fitted() -> dict[str, tuple[Any, Any]]:
    """Fit all that can be fitted on toy data; with what it was fitted on."""
    from sklearn.base import clone
    from sklearn.utils import all_estimators
    from sklearn.utils._test_common.instance_generator import _construct_instances

    found: dict[str, tuple[Any, Any]] = {}
    for name, kind in all_estimators():
        try:
            made = next(iter(_construct_instances(kind)))
        except pytest.skip.Exception:
            continue  # scikit-learn itself cannot make one without a hint
        except Exception as error:
            if type(error).__name__ != "SkipTest":
                raise
            continue
        if "random_state" in made.get_params():
            made.set_params(random_state=0)
        for data in DATA:
            try:
                found[name] = clone(made).fit(*data), data[0]
            except Exception:  # noqa: BLE001 - estimators refuse data in many ways
                continue
            break
    return found


def test_every_estimator_is_portable_to_the_same_versions(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = fitted()
    assert len(models) > 190
    deps = tuple(f"{name}=={importlib.metadata.version(name)}" for name in STACK)
    homes = {type(model).__module__ for model, _ in models.values()}
    session = Session(tmp_path, cache_dir=tmp_path / "cache")
    failed = {}
    try:
        # Imported once before the forks: two hundred imports of scikit-learn take minutes.
        portable = session.portable(
            Leg(deps=deps, preload=tuple(sorted(homes)), rtol=1e-7, atol=1e-9, seed=0)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, (model, data) in models.items():
                method = next((one for one in PROBES if hasattr(model, one)), None)
                probe, names = (f"obj.{method}(X)", {"X": data}) if method else (None, {})
                verdict = portable.check(model, probe=probe, **names)
                if verdict.problems or verdict.notes:
                    failed[name] = [one.message for one in (*verdict.problems, *verdict.notes)]
    finally:
        session.close()

    assert failed == {}
