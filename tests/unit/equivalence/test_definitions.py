from __future__ import annotations

import functools
import math
import pickle
import types
from email.message import EmailMessage
from typing import Any

import cloudpickle
import dill
import pytest

from pytest_portable.equivalence import compare
from unit.equivalence import samples
from unit.equivalence.samples import changes, counter, make_class, paths, scale


def by_cloudpickle(obj: Any) -> Any:
    return pickle.loads(cloudpickle.dumps(obj))


def by_dill(obj: Any) -> Any:
    return pickle.loads(dill.dumps(obj, recurse=True))


both = pytest.mark.parametrize("travel", [by_cloudpickle, by_dill])


def make(step: int, *, data: object = None) -> Any:
    def local(x: int, y: list[int] = [1], *, z: object = None) -> object:  # noqa: B006
        return [math.floor(x) + step, y, z, data, [scale(step) for _ in y]]

    local.mark = "m"  # type: ignore[attr-defined]
    return local


def test_classes_that_the_standard_library_makes_for_every_load() -> None:
    message = EmailMessage()
    message["Subject"] = "s"
    returned = pickle.loads(pickle.dumps(message))
    assert type(message["Subject"]) is not type(returned["Subject"])

    assert not compare(message, returned)
    returned.replace_header("Subject", "t")
    assert paths(message, returned)


class TestFunctions:
    @both
    def test_one_that_was_rebuilt(self, travel: Any) -> None:
        original = make(1, data=[1])
        returned = travel(original)

        assert returned is not original
        assert not compare(original, returned)

    @both
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            pytest.param(
                lambda f: f.__defaults__[0].append(2), "obj.__defaults__[0]", id="defaults"
            ),
            pytest.param(
                lambda f: f.__kwdefaults__.update(z=1), "obj.__kwdefaults__['z']", id="kwdefaults"
            ),
            pytest.param(
                lambda f: f.__closure__[0].cell_contents.append(2),
                "obj.__closure__[0].cell_contents",
                id="closure",
            ),
            pytest.param(lambda f: setattr(f, "mark", "n"), "obj.mark", id="attribute"),
            pytest.param(
                lambda f: f.__annotations__.update(x=2), "obj.__annotations__['x']", id="annotation"
            ),
        ],
    )
    def test_the_one_thing_that_changed(self, travel: Any, change: Any, expected: str) -> None:
        original = make(1, data=[1])
        returned = travel(original)
        change(returned)

        found = [path.replace("__dict__['mark']", "mark") for path in paths(original, returned)]

        assert found == [expected]

    def test_code(self) -> None:
        assert paths(lambda x: x + 1, lambda x: x + 2) == ["obj.__code__.co_consts[1]"]
        assert paths(lambda x: x + 1, lambda x: x - 1) == ["obj.__code__.co_code"]
        assert paths(lambda x: x.a, lambda x: x.b) == ["obj.__code__.co_names"]
        assert not compare(lambda x: x + 1, lambda x: x + 1)

    def test_nested_code(self) -> None:
        found = paths(lambda: lambda: "a", lambda: lambda: "b")

        assert len(found) == 1
        assert found[0].startswith("obj.__code__.co_consts[1].co_consts[")

    def test_globals_that_the_code_names(self) -> None:
        other = {**vars(samples), "FACTOR": [3], "unused": 1}
        returned = types.FunctionType(scale.__code__, other, "scale")
        returned.__annotations__ = scale.__annotations__

        assert paths(scale, returned) == ["obj.__globals__['FACTOR'][0]"]

        del other["FACTOR"]

        assert changes(scale, returned) == [("obj.__globals__['FACTOR']", "global is missing")]

    def test_a_variable_that_nobody_writes_may_lose_its_sharing(self) -> None:
        original = make(1), make(1)

        assert not compare(original, by_cloudpickle(original))

    def test_a_variable_that_one_writes_and_another_reads(self) -> None:
        original = counter()
        returned = by_cloudpickle(original)
        returned[0]()

        assert returned[1]() == 0  # cloudpickle gives every function a variable of its own
        assert changes(original, by_cloudpickle(original)) == [
            ("obj[1].__closure__[0]", "shared reference lost")
        ]
        assert changes(original[::-1], by_cloudpickle(original)[::-1]) == [
            ("obj[1].__closure__[0]", "shared reference lost")
        ]
        assert not compare(original, by_dill(original))


class TestClasses:
    def test_a_class_that_is_another_one(self) -> None:
        original, returned = make_class(1), make_class(1)

        assert changes(original, returned) == [("obj", "class Made is not the same class")]
        assert not compare(original, returned, class_identity=False)

    def test_its_instances_report_it_once(self) -> None:
        original, returned = make_class(1), make_class(1)

        assert changes([original(), original(), original], [returned(), returned(), returned]) == [
            ("type(obj[0])", "class Made is not the same class")
        ]

    def test_its_body(self) -> None:
        found = paths(make_class(1)(), make_class(2)(), class_identity=False)

        assert found == [
            "type(obj).constant",
            "type(obj).method.__closure__[0].cell_contents",
        ]

    @both
    def test_one_that_was_rebuilt_elsewhere(self, travel: Any) -> None:
        original = make_class([1])
        returned = travel(original)
        if returned is original:  # cloudpickle remembers what it has sent from here
            return

        assert changes([original()], [returned()]) == [
            ("type(obj[0])", "class Made is not the same class")
        ]
        assert not compare([original()], [returned()], class_identity=False)

    def test_another_name(self) -> None:
        assert changes(int, str) == [("obj", "values differ")]


class Owner:
    def __init__(self, value: object) -> None:
        self.value = value

    def method(self) -> object:
        return self.value


@pytest.mark.parametrize(
    ("original", "returned", "expected"),
    [
        pytest.param(Owner(1).method, Owner(1).method, [], id="same method"),
        pytest.param(Owner(1).method, Owner(2).method, ["obj.__self__.value"], id="bound method"),
        pytest.param([1].append, [2].append, ["obj.__self__[0]"], id="bound built-in"),
        pytest.param([1].append, [1].extend, ["obj"], id="other built-in"),
        pytest.param([].__len__, {}.__len__, ["obj"], id="method wrapper"),
        pytest.param(str.lower, str.upper, ["obj"], id="method descriptor"),
        pytest.param(math, math, [], id="module"),
        pytest.param(math, types.ModuleType("math"), [], id="module of the same name"),
        pytest.param(math, types, ["obj"], id="module"),
        pytest.param(
            functools.partial(scale, 1), functools.partial(scale, 2), ["obj.args[0]"], id="partial"
        ),
        pytest.param(
            property(lambda _: 1),
            property(lambda _: 2),
            ["obj.fget.__code__.co_consts[1]"],
            id="prop",
        ),
        pytest.param(
            staticmethod(lambda: 1),
            staticmethod(lambda: 2),
            ["obj.__func__.__code__.co_consts[1]"],
            id="static method",
        ),
        pytest.param(
            functools.lru_cache(1)(scale),
            functools.lru_cache(2)(scale),
            ["obj.cache_parameters()['maxsize']"],
            id="lru_cache",
        ),
        pytest.param(types.CellType(), types.CellType(), [], id="empty cell"),
        pytest.param(types.CellType(1), types.CellType(2), ["obj.cell_contents"], id="cell"),
    ],
)
def test_what_wraps(original: object, returned: object, expected: list[str]) -> None:
    found = [path.replace("co_consts[0]", "co_consts[1]") for path in paths(original, returned)]

    assert found == expected
