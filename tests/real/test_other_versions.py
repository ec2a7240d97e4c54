"""One of every kind of NumPy's and pandas's objects, in their own and in other versions.

What another version makes of them is also found out by hand (`support/elsewhere.py`), without
pytest-portable; every verdict has to agree with that.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import pickle
import sys
import warnings
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_portable.engine.session import Session
from pytest_portable.portable import Portable, portable_on
from pytest_portable.settings.legs import Leg
from support.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_portable.verdict import Verdict
    from support.zoo import Kept

pytest.importorskip("numpy")
pytest.importorskip("pandas")
zoo = pytest.importorskip("support.zoo")

pytestmark = [pytest.mark.slow, pytest.mark.network]

PROTOCOL: Final = 4
# What is declared, and the newest Python that has wheels of it.
NUMPY: Final = {
    "same": ((f"numpy=={importlib.metadata.version('numpy')}",), sys.version_info[1]),
    "1.26": (("numpy==1.26.4",), 12),
    "2.0": (("numpy==2.0.2",), 12),
}
PANDAS: Final = {
    "same": (
        tuple(f"{name}=={importlib.metadata.version(name)}" for name in ("pandas", "numpy")),
        sys.version_info[1],
    ),
    "1.5": (("pandas==1.5.3", "numpy==1.26.4"), 11),
    "2.1": (("pandas==2.1.4", "numpy==1.26.4"), 12),
    "3.0": (("pandas==3.0.0",), 13),
}
# Imported once before the forks, on both sides.
PARTS: Final = ("numpy.ma", "numpy.polynomial", "numpy.random")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("zoo")
    made = Session(folder, cache_dir=folder / "cache")
    yield made
    made.close()


@pytest.mark.parametrize(("deps", "newest"), NUMPY.values(), ids=NUMPY)
def test_numpy(session: Session, tmp_path: Path, deps: tuple[str, ...], newest: int) -> None:
    with quiet():
        objects = zoo.numpy_objects(tmp_path)

    agree(on(session, deps, newest, PARTS), tmp_path, objects)


@pytest.mark.parametrize(("deps", "newest"), PANDAS.values(), ids=PANDAS)
def test_pandas(session: Session, tmp_path: Path, deps: tuple[str, ...], newest: int) -> None:
    with quiet():
        objects = zoo.pandas_objects()

    agree(on(session, deps, newest, (*PARTS, "pandas")), tmp_path, objects)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let libraries warn of what is old; the checks run under the filters of this project."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def on(session: Session, deps: tuple[str, ...], newest: int, preload: tuple[str, ...]) -> Portable:
    """Give what checks on a Python that has wheels of these."""
    oldest = 11 if deps[0] == "pandas==3.0.0" else 10
    python = f"3.{min(max(sys.version_info[1], oldest), newest)}"
    leg = Leg(python=python, deps=deps, preload=preload, protocol=PROTOCOL, signed_zero=True)
    return portable_on(session, leg)


def agree(portable: Portable, folder: Path, objects: dict[str, Kept]) -> None:
    """Check every object by hand and with a verdict: both say the same."""
    by_hand = Elsewhere(folder / "by-hand", portable.target.executable, PROTOCOL)
    wanted: dict[str, str | None] = {}
    for number, (name, kept) in enumerate(objects.items()):
        try:
            by_hand.put(str(number), kept.obj, kept.method, kept.arguments)
        except pickle.PicklingError:  # noqa: PERF203 - such as the chararray of NumPy 2.5
            wanted[name] = "dump"
    by_hand.run(portable.leg.preload)
    with quiet():
        for number, (name, kept) in enumerate(objects.items()):
            wanted.setdefault(name, trouble(by_hand, str(number), kept))

    verdicts = {name: check(portable, kept) for name, kept in objects.items()}

    assert {name: verdict.stage for name, verdict in verdicts.items()} == wanted
    for name, verdict in verdicts.items():
        if verdict.stage in {"load", "return"}:
            judge_diagnosis(name, verdict, loads_here=loads_here(objects[name].obj))


def judge_diagnosis(name: str, verdict: Verdict, *, loads_here: bool) -> None:
    first = verdict.problems[0]
    if not loads_here:  # such as the finfo of NumPy 2.4
        assert first.code == "load-hook", (name, first.message)
        return
    if first.code == "missing-distribution":  # what pandas 2 wrote zones with, and 3 lacks
        assert first.distribution == "pytz", (name, first.message)
        return
    assert first.code == "version-skew", (name, first.message)
    assert first.distribution in {"numpy", "pandas"}, (name, first.message)
    here = importlib.metadata.version(first.distribution)
    assert first.remedies[0].change == f'"{first.distribution}=={here}"', name
    paths = [problem.path for problem in verdict.problems]
    assert len(set(paths)) == len(paths), name


def loads_here(obj: object) -> bool:
    try:
        pickle.loads(pickle.dumps(obj))
    except Exception:  # noqa: BLE001 - whatever it raises
        return False
    return True


def check(portable: Portable, kept: Kept) -> Verdict:
    if kept.method is None:
        return portable.check(kept.obj)
    probe = f"__import__('numpy').asarray(obj.{kept.method}(*arguments))"
    return portable.check(kept.obj, probe=probe, arguments=kept.arguments)


def trouble(by_hand: Elsewhere, name: str, kept: Kept) -> str | None:
    """Return the stage at which an object broke by hand."""
    said = by_hand.said(name)
    if said != "done":
        return said.partition(":")[0]
    try:
        back = by_hand.back(name)
    except Exception:  # noqa: BLE001 - what another version dumped may raise anything
        return "return"
    # Looking at an object may fill its caches: another copy of it is looked at.
    copy = pickle.loads(pickle.dumps(kept.obj, 5))
    if not zoo.same(copy, back):
        return "compare"
    return None if kept.method is None or answers_alike(by_hand, name, kept) else "compare"


def answers_alike(by_hand: Elsewhere, name: str, kept: Kept) -> Any:
    import numpy as np

    copy = pickle.loads(pickle.dumps(kept.obj, 5))
    here = np.asarray(getattr(copy, kept.method or "")(*kept.arguments))
    return zoo.same(here, by_hand.answer(name))
