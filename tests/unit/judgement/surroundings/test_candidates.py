"""The search for globals in a payload, and where modules come from."""

from __future__ import annotations

import collections
import decimal
import fractions
import functools
import pickle
import sys
from typing import Any

import cloudpickle
import dill
import pytest

from pytest_portable.judgement.surroundings.candidates import find_globals
from pytest_portable.judgement.surroundings.origins import is_user_code, is_user_file
from pytest_portable.judgement.surroundings.survey import ask
from pytest_portable.payload.inspection import inspect_payload


class Mine:
    class Inner:
        pass


OBJECTS: list[Any] = [
    Mine(),
    [Mine.Inner(), Mine, fractions.Fraction(1, 3), decimal.Decimal(1)],
    {"a": collections.OrderedDict(b=[Mine() for _ in range(300)])},
    functools.partial(Mine),
    b"\x93" * 300,
    "x" * 200_000 + "\x93",
    [[float(number)] for number in range(5000)] + [Mine()],
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("number", range(len(OBJECTS)))
def test_globals_of_pickles_are_found(number: int, protocol: int) -> None:
    data = pickle.dumps(OBJECTS[number], protocol)
    truth = {
        (reference.module, reference.qualname)
        for reference in inspect_payload(data, root="obj").references
        if reference.module in {__name__, "fractions", "decimal"}
    }

    assert truth <= set(find_globals(data))


@pytest.mark.parametrize("dumps", [cloudpickle.dumps, dill.dumps])
def test_globals_of_other_serializers_are_found(dumps: Any) -> None:
    def function() -> object:
        return Mine

    assert (Mine.__module__, "Mine") in find_globals(dumps([function, Mine()]))


def test_what_only_looks_like_a_global_is_none() -> None:
    assert find_globals(pickle.dumps(["os", "path", "Mine", Mine.__module__])) == []


def test_origins_of_modules() -> None:
    assert is_user_code(__name__)
    assert not is_user_code("collections")
    assert not is_user_code("pytest")
    assert not is_user_code("numpy")
    assert not is_user_code("no_such_module")
    assert not is_user_file("<string>")


class _Left:
    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


@pytest.mark.parametrize(("module", "is_replaced"), [("__main__", False), ("fractions", True)])
def test_what_a_script_defines_was_not_replaced_in_it(
    module: str, is_replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = type("Left", (_Left,), {"__module__": module, "__reduce__": _Left.__reduce__})
    monkeypatch.setattr(sys.modules[module], "Left", left, raising=False)

    patches = ask([pickle.dumps(left())]).patches

    assert [one.member for one in patches] == (["__reduce__"] if is_replaced else [])
