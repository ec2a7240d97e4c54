"""Objects that raise whatever they are asked: each is judged, and nobody suffers for it.

A row is what an object does (a special method, a property, a metaclass), a column what is raised,
where it is raised (here, there, both), and how the object travels. Each check ends in a verdict,
the agent survives, and the next check is none the wiser.
"""

from __future__ import annotations

import itertools
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.errors import PortabilityError
from support.interpreter import on, session
from support.laboratory import importable
from support.rude import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Verdict

__all__ = ["on", "session"]

# A `__del__` that raises is told by Python itself, whenever the object goes.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

KINDS = (
    *("Exception", "Rude", "RudeEnd", "KeyboardInterrupt", "SystemExit", "GeneratorExit"),
    *("RecursionError", "MemoryError", "StopIteration", "AttributeError"),
)
WAYS = ("plain", "nested", "one way", "probe", "argument", "result")
SIDES = ("here", "there", "here and there")
TURNS = itertools.cycle(KINDS)


@pytest.fixture(scope="module")
def rude(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with importable(tmp_path_factory.mktemp("rude"), {"rude.py": SOURCE}) as module:
        yield module


@pytest.fixture
def leg(rude: Any, on: Callable[..., Portable]) -> Iterator[Callable[..., Portable]]:
    """Give a leg on which objects are rude on some sides, with some exception."""

    def make(kind: str, sides: str, **keys: Any) -> Portable:
        rude.STATE.update(sides="", kind=kind)
        env = {"RUDE_THERE": "1", "RUDE_SIDES": sides, "RUDE_KIND": kind}
        return on(ship=("rude",), env=env, **keys)

    yield make
    rude.STATE.update(sides="")


def travel(rude: Any, portable: Portable, label: str, way: str, sides: str) -> Verdict | None:
    """Let an object travel; return the verdict, `None` where a call came back."""
    obj = None if way == "result" else rude.make(label)
    rude.STATE.update(sides=sides)
    try:
        if way == "nested":
            return portable.check({"a": [obj, (obj,)], "k": {"x": obj}})
        if way == "probe":
            return portable.check(obj, probe="obj")
        if way not in {"argument", "result"}:
            return portable.check(obj)
        try:
            portable.call(*((rude.give, label) if way == "result" else (rude.same, obj)))
        except PortabilityError as failure:
            return failure.verdict
        return None
    finally:
        rude.STATE.update(sides="")


def is_told(verdict: Verdict | None) -> bool:
    """Return whether a verdict can be read, and says nothing of a fault of ours."""
    return verdict is None or (
        bool(str(verdict)) and bool(verdict.to_dict()) and "agent: " not in verdict.stderr
    )


def judge_all(rude: Any, leg: Callable[..., Portable], kind: str, sides: str, way: str) -> None:
    portable = leg(kind, sides, round_trip=way != "one way")
    for label in rude.CLASSES:
        verdict = travel(rude, portable, label, way, sides)

        assert is_told(verdict), label
    assert portable.check([1]).portable, "the agent is not what it was"


@pytest.mark.parametrize("kind", ["RudeEnd", "KeyboardInterrupt"])
def test_every_object_is_judged(kind: str, rude: Any, leg: Callable[..., Portable]) -> None:
    judge_all(rude, leg, kind, "here and there", "plain")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "sides", "way"),
    # Every way on every side, each with another exception: all of them with all take half an hour.
    [(next(TURNS), sides, way) for sides in SIDES for way in WAYS],
)
def test_every_object_is_judged_whatever_it_raises(
    kind: str, sides: str, way: str, rude: Any, leg: Callable[..., Portable]
) -> None:
    judge_all(rude, leg, kind, sides, way)


def raised(rude: Any, portable: Portable, label: str, how: str, sides: str) -> Verdict | None:
    """Let an exception come back; `None` where it did, as it was raised there."""
    rude.STATE.update(sides=sides)
    try:
        if how == "probe":
            return portable.check(1, probe=f"__import__('rude').throw({label!r}, '')")
        portable.call(rude.throw, label, how)
    except PortabilityError as failure:
        return failure.verdict
    except BaseException as error:
        rude.STATE.update(sides="")
        expected = [*rude.ERRORS.values(), ValueError]
        if label == "metaclass __subclasscheck__":  # Python itself asks it to raise the exception
            expected.append(rude.KINDS[rude.STATE["kind"]])
        if not any(type(error) is kind for kind in expected):
            raise
    finally:
        rude.STATE.update(sides="")
    return None


@pytest.mark.parametrize(
    "kind",
    [
        "Rude",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("RudeEnd", "KeyboardInterrupt")),
    ],
)
@pytest.mark.parametrize("how", ["alone", "cause", "probe"])
def test_every_exception_comes_back_or_is_told(
    kind: str, how: str, rude: Any, leg: Callable[..., Portable]
) -> None:
    for sides in SIDES:
        portable = leg(kind, sides)
        for label in rude.ERRORS:
            assert is_told(raised(rude, portable, label, how, sides)), label
        assert portable.check([1]).portable


@pytest.mark.parametrize("hook", ["__reduce__", "__getstate__", "__reduce_ex__"])
@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_what_ends_a_run_elsewhere_is_a_finding_on_dumping(
    kind: str, hook: str, rude: Any, leg: Callable[..., Portable]
) -> None:
    found = travel(rude, leg(kind, "here"), f"hook {hook}", "plain", "here")

    assert found is not None
    assert [one.stage for one in found.problems] == ["dump"]
    assert kind in str(found)


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
def test_what_ends_a_run_elsewhere_is_a_finding_on_loading_back(
    kind: str, rude: Any, leg: Callable[..., Portable]
) -> None:
    found = travel(rude, leg(kind, "here"), "hook __setstate__", "plain", "here")

    assert found is not None
    assert [(one.code, one.stage) for one in found.problems] == [("result-not-portable", "return")]
    assert kind in str(found)


def test_who_is_polite_passes_as_far_as_pickle_goes(
    rude: Any, leg: Callable[..., Portable]
) -> None:
    portable = leg("Exception", "")
    for label in rude.CLASSES:
        verdict = travel(rude, portable, label, "plain", "")

        assert verdict is not None
        assert verdict.portable == is_pickled(rude.make(label)), f"{label}: {verdict}"


def is_pickled(obj: object) -> bool:
    try:
        pickle.loads(pickle.dumps(obj))
    except Exception:  # noqa: BLE001 - whatever a class does by mistake
        return False
    return True


def test_what_stands_in_place_of_a_module_stops_no_check(
    rude: Any, leg: Callable[..., Portable], monkeypatch: pytest.MonkeyPatch
) -> None:
    portable = leg("Rude", "here")
    monkeypatch.setitem(sys.modules, "replaced_module", rude.Replaced())
    monkeypatch.setitem(sys.modules, "lazy_module", rude.Lazy("lazy_module"))
    rude.STATE.update(sides="here")

    assert portable.check({"a": [1]}).portable
    assert not portable.check(lambda: 1).portable
