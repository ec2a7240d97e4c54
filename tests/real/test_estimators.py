"""Every estimator of scikit-learn, fitted: on the same versions, and on older ones.

What an older scikit-learn makes of them is also found out by hand (`support/elsewhere.py`); the
verdicts have to agree with that, and to name the version where something broke.
"""

from __future__ import annotations

import importlib.metadata
import pickle
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg
from support.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_portable.verdict import Verdict

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

pytestmark = [pytest.mark.slow, pytest.mark.network]

STACK = ("scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl")
OLDER = {
    # Most estimators load and answer alike.
    "1.6": ("scikit-learn==1.6.1", "numpy==2.2.6", "scipy==1.15.3"),
    # Another major NumPy: all that holds a random state breaks, and so do compiled losses.
    "1.3": ("scikit-learn==1.3.2", "numpy==1.26.4", "scipy==1.11.4"),
}
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
METHODS = ("predict", "transform", "fit_predict", "fit_transform")
RTOL, ATOL = 1e-7, 1e-9


@pytest.fixture(scope="module")
def models() -> dict[str, tuple[Any, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fitted()
    assert len(found) > 190
    return found


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


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("estimators")
    made = Session(folder, cache_dir=folder / "cache")
    yield made
    made.close()


def method_of(model: Any) -> str | None:
    return next((one for one in METHODS if hasattr(model, one)), None)


def check_all(portable: Any, models: dict[str, tuple[Any, Any]]) -> dict[str, Verdict]:
    """Check every estimator, with its method as the probe."""
    found = {}
    for name, (model, data) in models.items():
        method = method_of(model)
        probe, names = (f"obj.{method}(X)", {"X": data}) if method else (None, {})
        here = answer(pickle.loads(pickle.dumps(model)), method, data)
        # Some refuse these data, here as there.
        raises = Exception if isinstance(here, str) else None
        found[name] = portable.check(model, probe=probe, raises=raises, **names)
    return found


def test_every_estimator_is_portable_to_the_same_versions(
    session: Session, models: dict[str, tuple[Any, Any]]
) -> None:
    deps = tuple(f"{name}=={importlib.metadata.version(name)}" for name in STACK)
    # Imported once before the forks: two hundred imports of scikit-learn take minutes.
    homes = {type(model).__module__ for model, _ in models.values()}
    leg = Leg(deps=deps, preload=tuple(sorted(homes)), seed=0, rtol=RTOL, atol=ATOL)

    verdicts = check_all(portable_on(session, leg), models)

    assert {
        name: [problem.message for problem in (*verdict.problems, *verdict.notes)]
        for name, verdict in verdicts.items()
        if verdict.problems or verdict.notes
    } == {}


@pytest.mark.parametrize("deps", OLDER.values(), ids=OLDER)
def test_on_older_versions_every_verdict_is_what_the_check_by_hand_finds(
    session: Session, models: dict[str, tuple[Any, Any]], deps: tuple[str, ...], tmp_path: Path
) -> None:
    # The newest Python that all of these have wheels for.
    python = f"3.{min(sys.version_info[1], 12)}"
    homes = {type(model).__module__ for model, _ in models.values()}
    packages = tuple(sorted({".".join(home.split(".")[:2]) for home in homes}))
    keys: dict[str, Any] = {"preload": packages, "seed": 0, "protocol": 4}
    leg = Leg(python=python, deps=deps, rtol=RTOL, atol=ATOL, **keys)
    portable = portable_on(session, leg)
    by_hand = Elsewhere(tmp_path / "by-hand", portable.target.executable, protocol=4)
    for name, (model, data) in models.items():
        by_hand.put(name, model, method_of(model), (data,))
    by_hand.run(packages)

    verdicts = check_all(portable, models)

    broken = {name: why for name, one in models.items() if (why := trouble(by_hand, name, *one))}
    found = {name: str(one.stage) for name, one in verdicts.items() if not one.portable}
    assert {name: why.partition(":")[0] for name, why in broken.items()} == found
    assert found
    for name in found:
        first = verdicts[name].problems[0]
        assert first.code == "version-skew", (name, first.message)
        assert first.distribution in {"scikit-learn", "numpy", "scipy"}, (name, first.message)
        assert first.module, name
        here = importlib.metadata.version(first.distribution)
        assert first.remedies[0].change == f'"{first.distribution}=={here}"', name


@pytest.mark.parametrize("deps", OLDER.values(), ids=OLDER)
def test_a_warning_of_another_version_reads_as_skew(
    session: Session, models: dict[str, tuple[Any, Any]], deps: tuple[str, ...]
) -> None:
    python = f"3.{min(sys.version_info[1], 12)}"
    here, there = importlib.metadata.version("scikit-learn"), deps[0].partition("==")[2]
    scaler = models["StandardScaler"][0]

    for warned in ("report", "error"):
        portable = portable_on(session, Leg(python=python, deps=deps, protocol=4, warnings=warned))
        verdict = portable.check([scaler])

        assert verdict.portable == (warned == "report")
        (found,) = verdict.notes if warned == "report" else verdict.problems
        assert (found.code, found.stage, found.path) == ("version-skew", "load", "obj[0]")
        assert found.distribution == "scikit-learn"
        assert found.message.startswith(
            f"StandardScaler was made by scikit-learn {here} and is loaded by {there}"
        )
        assert found.remedies[0].change == f'"scikit-learn=={here}"'


def trouble(by_hand: Elsewhere, name: str, model: Any, data: Any) -> str:
    """Say at which stage an estimator broke by hand, and how; empty where it did not."""
    said, method = by_hand.said(name), method_of(model)
    if said.startswith("load:"):
        return said
    here = answer(pickle.loads(pickle.dumps(model)), method, data)
    if said.startswith("call:"):
        # What refuses the data on both sides in the same words behaves alike.
        return "" if isinstance(here, str) and here == said else said
    assert said == "done", (name, said)
    back = by_hand.back(name)
    if vars(back).keys() != vars(model).keys():
        return f"compare: the state has {vars(back).keys() ^ vars(model).keys()}"
    theirs = (by_hand.answer(name), answer(back, method, data)) if method else ()
    return "" if all(is_close(here, there) for there in theirs) else "compare: other values"


def is_close(here: Any, there: Any) -> bool:
    """Compare as a person would."""
    try:
        if np.asarray(here).dtype.kind in "fiub":
            np.testing.assert_allclose(there, here, RTOL, ATOL)
        else:
            np.testing.assert_array_equal(there, here)
    except AssertionError:
        return False
    return True


def answer(model: Any, method: str | None, data: Any) -> Any:
    """Call the method here, or give what it raises in the words of the other side."""
    if method is None:
        return None
    np.random.seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = getattr(model, method)(data)
    except Exception as error:  # noqa: BLE001 - estimators refuse data in many ways
        return f"call: {type(error).__name__}: {error}"
    return found.toarray() if hasattr(found, "toarray") else found
