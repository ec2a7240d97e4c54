from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import cloudpickle
import dill
import pytest

from pytest_portable.errors import OptionError
from support.laboratory import importable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_portable.portable import Portable

BOTH = pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with importable(tmp_path_factory.mktemp("lab")) as found:
        yield found


def homes(lab: Any) -> list[str]:
    core = lab.core
    things = (core.helper, core.Child, core.Child.go, core.Child.Nested, core.Color, core.decorated)
    return [thing.__module__ for thing in things] + [core.cached.__module__]


# What cloudpickle itself cannot send by value: caches, an enum's aliases, what its members hold.
DILL_ONLY = {"core.cached", "core.Color", "core.Planet.EARTH"}
PROBES = {
    "class": ("core.Child(2)", "(obj.go(), obj.twice, obj.static(), obj.named())"),
    "nested-class": ("core.Child.Nested()", "obj.level()"),
    "bound-method": ("core.Child(2).go", "obj()"),
    "container": ("core.table", "obj['functions'][0](1), obj['classes'][0](5).go()"),
    "mutual-recursion": ("core.even", "[obj(n) for n in range(4)]"),
    "module-global": ("core.root", "obj(16)"),
    "decorator": ("core.decorated", "(obj(1), obj.__wrapped__(1))"),
    "module-of-the-package": ("core.through_module", "obj(2)"),
    "lru-cache": ("core.cached", "obj(1)"),
    "closure": ("core.make_adder(5)", "obj(1)"),
    "enum": ("core.Color.RED", "(obj.low(), type(obj).first() is obj, obj.value)"),
    "enum-class": ("core.Color", "[c.name for c in obj], obj['ALSO_RED'] is obj.RED"),
    "int-enum": ("core.Level.HIGH", "obj + 1, obj.name"),
    "enum-with-init": ("core.Planet.EARTH", "(obj.mass, obj.radius)"),
    "flag": ("core.Flags.A | core.Flags.B", "obj.value"),
    "dataclass": ("core.Point(1, [2])", "obj.shifted(2).x, repr(obj)"),
    "abstract-base": ("core.Square()", "obj.area()"),
    "exception": ("core.LabError('x', 4)", "obj.code"),
}


@BOTH
@pytest.mark.parametrize(("make", "probe"), PROBES.values(), ids=PROBES)
def test_what_a_module_defines_travels_and_comes_back(
    make: str, probe: str, serializer: str, lab: Any, on: Callable[..., Portable]
) -> None:
    if serializer == "cloudpickle" and make in DILL_ONLY:
        pytest.skip("cloudpickle cannot")
    thing = eval(make, {"core": lab.core})

    verdict = on(serializer=serializer, by_value=("lab",)).check(thing, probe=probe)

    assert verdict.portable, str(verdict)
    assert set(homes(lab)) == {"lab.core"}


@BOTH
def test_without_the_key_the_module_is_missing(
    serializer: str, lab: Any, on: Callable[..., Portable]
) -> None:
    verdict = on(serializer=serializer).check(lab.core.Child(2))

    assert [problem.code for problem in verdict.problems] == ["missing-module"]


@BOTH
def test_results_and_exceptions_are_of_the_hosts_classes(
    serializer: str, lab: Any, on: Callable[..., Portable]
) -> None:
    portable = on(serializer=serializer, by_value=("lab",))

    moved = portable.call(lab.core.Point.shifted, lab.core.Point(1), 2)
    assert moved == lab.core.Point(3)
    with pytest.raises(lab.core.LabError) as caught:
        portable.call(lab.core.fail, 7)
    assert caught.value.code == 7


def test_an_instance_made_before_travels_with_its_class(
    lab: Any, on: Callable[..., Portable]
) -> None:
    made_before = [lab.core.Child(1)]

    portable = on(serializer="dill", by_value=("lab.core",))

    assert portable.call(lambda things: things[0].go(), made_before) == 5


def test_a_class_changed_there_comes_back_as_another(lab: Any, on: Callable[..., Portable]) -> None:
    portable = on(serializer="dill", by_value=("lab",))
    change = "def f(kind):\n    kind.go = lambda self: 'changed'\n    return kind(1)\n"
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(change, namespace)

    returned = portable.call(namespace["f"], lab.core.Base)

    assert type(returned) is not lab.core.Base
    assert lab.core.Base(1).go() == 4


@BOTH
def test_everything_is_put_back_when_the_dump_fails(
    serializer: str, lab: Any, on: Callable[..., Portable]
) -> None:
    before = set(cloudpickle.list_registry_pickle_by_value()), dict(dill.Pickler.dispatch)

    class Stubborn:
        def __reduce__(self) -> str:
            assert lab.core.helper.__module__ in {"__main__", "lab.core"}
            signal.raise_signal(signal.SIGINT)
            return "never"

    with pytest.raises(KeyboardInterrupt):
        on(serializer=serializer, by_value=("lab",)).check([Stubborn(), lab.core.Child(1)])

    assert set(homes(lab)) == {"lab.core"}
    assert dict(dill.Pickler.dispatch) == before[1]
    assert set(cloudpickle.list_registry_pickle_by_value()) == before[0]
    assert dill.detect.globalvars.__module__ == "dill.detect"


def test_who_was_registered_before_stays_so(lab: Any, on: Callable[..., Portable]) -> None:
    cloudpickle.register_pickle_by_value(lab)
    try:
        assert on(serializer="cloudpickle", by_value=("lab",)).check(lab.core.Point())

        assert "lab" in cloudpickle.list_registry_pickle_by_value()
    finally:
        cloudpickle.unregister_pickle_by_value(lab)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param({"serializer": "pickle"}, "by reference only; use", id="pickle"),
        pytest.param({"by_value": ("no_such_lab",)}, "'no_such_lab' cannot be", id="unknown"),
        pytest.param(
            {"serializer": "dill", "options": {"recurse": False}}, "leave recurse out", id="recurse"
        ),
        pytest.param({"ship": ("lab",)}, "'lab' is in by_value too", id="shipped-too"),
    ],
)
@pytest.mark.usefixtures("lab")
def test_what_cannot_be_is_misuse(
    keys: dict[str, Any], words: str, on: Callable[..., Portable]
) -> None:
    with pytest.raises(OptionError, match=words):
        on(**{"serializer": "cloudpickle", "by_value": ("lab",), **keys})


def test_a_module_that_is_installed_there_too_is_noted(on: Callable[..., Portable]) -> None:
    import hypothesis

    verdict = on(serializer="cloudpickle", by_value=("hypothesis",)).check([1])

    assert hypothesis.__name__ in sys.modules
    assert verdict.portable
    (note,) = verdict.notes
    assert (note.code, note.module) == ("installed-copy", "hypothesis")
    assert "no instances" in note.message


def test_a_namespace_of_ones_own_is_not_noted(lab: Any, on: Callable[..., Portable]) -> None:
    assert on(serializer="dill", by_value=("lab",)).check(lab.core.helper).notes == ()


def test_modules_next_door_are_not_meant(tmp_path: Path, on: Callable[..., Portable]) -> None:
    files = {"near.py": "class A:\n    pass\n", "near_by.py": "class B:\n    pass\n"}
    with importable(tmp_path, files) as near:
        import near_by  # type: ignore[import-not-found]

        verdict = on(serializer="dill", by_value=("near",)).check([near.A(), near_by.B()])

    assert [(one.code, one.module) for one in verdict.problems] == [("missing-module", "near_by")]
