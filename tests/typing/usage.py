"""What users write, for mypy and pyright: checked, never run.

A comment that ignores an error is itself an error where there is none, so each of them is a test.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import assert_type

import pytest

from pytest_portable import (
    Inspection,
    MarkKeys,
    OptionError,
    PortabilityError,
    PortabilityWarning,
    Portable,
    Problem,
    Serializer,
    SetupError,
    Verdict,
)

KEYS: MarkKeys = {
    "deps": {"old": ["numpy<2"], "new": ["numpy"]},
    "python": ["3.10", "3.12"],
    "serializer": "cloudpickle",
    "warnings": "error",
    "via": [{"python": "3.11"}],
    "producer": {"make": "shop:basket", "deps": ["shop==1"]},
}
MISSPELT: MarkKeys = {"pyhton": "3.12"}  # type: ignore[typeddict-unknown-key]
WRONG: MarkKeys = {"timeout": "60"}  # type: ignore[typeddict-item]


def half(number: int) -> float:
    return number / 2


async def later(number: int) -> str:
    return str(number)


@pytest.mark.portable(**KEYS)
def test_call(portable: Portable) -> None:
    assert_type(portable.call(half, 3), float)
    assert_type(portable.call(half, number=3), float)
    assert_type(portable.call(later, 3), str)
    assert_type(portable.call(str.upper, "abc"), str)
    portable.call(operator.itemgetter(0), [1])
    portable.call(3)  # type: ignore[call-overload]


@pytest.mark.portable(deps=["numpy>=2"], python="3.12")
def test_check(portable: Portable) -> None:
    def keeps_keys(original: Mapping[str, int], returned: Mapping[str, int]) -> bool:
        return original.keys() == returned.keys()

    def total(obj: Mapping[str, int], *, rate: float) -> float:
        return sum(obj.values()) * rate

    assert_type(portable({"a": 1}), Verdict)
    assert_type(portable.check({"a": 1}, equal=keeps_keys), Verdict)
    portable({"a": 1}, probe="obj['a'] + b", b=2)
    portable({"a": 1}, probe=total, rate=0.5)
    first: Callable[[Mapping[str, int]], int] = lambda obj: obj["a"]  # noqa: E731
    portable({"a": 1}, probe=first)
    portable({"a": 1}, probe="obj['b']", raises=KeyError)
    portable.check({"a": 1}, probe="obj['b']", raises=(KeyError, LookupError))
    portable({"a": 1}, probe={"b": "obj['b']"}, raises={"b": KeyError})
    portable({"a": 1}, probe=["obj['b']"], raises={0: (KeyError, LookupError)})
    portable.golden({"a": 1}, "one", probe="obj['b']", raises=KeyError)
    portable.between(producer=["a"], consumer=["a"], make="a:b", probe="obj.c", raises=ValueError)
    assert_type(portable.requirements(1, probe="obj.a", raises=AttributeError), list[str])
    portable({"a": 1}, probe=3)  # type: ignore[arg-type]
    portable({"a": 1}, probe="obj['b']", raises=KeyError())  # type: ignore[arg-type]
    portable({"a": 1}, probe="obj['b']", raises=int)  # type: ignore[arg-type]


def test_verdict(portable: Portable) -> None:
    verdict = portable.check(1)

    assert_type(verdict.portable, bool)
    assert_type(verdict.stage, str | None)
    assert_type(verdict.problems, tuple[Problem, ...])
    assert_type(verdict.problems[0].code, str)
    assert_type(verdict.problems[0].path, str | None)
    assert_type(verdict.problems[0].remedies[0].text, str)
    assert_type(verdict.payload_bytes, int | None)
    assert_type(verdict.to_dict(), dict[str, object])
    verdict.portable = True  # type: ignore[misc]


def test_target(portable: Portable) -> None:
    assert_type(portable.target.python, str)
    assert_type(portable.target.distributions, Mapping[str, str])


def test_inspect(portable: Portable) -> None:
    inspection = portable.inspect(1)

    assert_type(inspection, Inspection)
    assert_type(inspection.references[0].module, str)


def test_errors(portable: Portable) -> None:
    with pytest.raises((PortabilityError, SetupError, OptionError)) as caught:
        portable(1)
    pytest.warns(PortabilityWarning)
    error = caught.value
    if isinstance(error, PortabilityError):
        assert_type(error.verdict, Verdict)


def serializer_name(serializer: Serializer) -> str:
    return serializer.name
