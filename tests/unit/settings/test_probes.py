from __future__ import annotations

import functools
import math
import re
from typing import Any

import pytest

from pytest_portable.errors import OptionError
from pytest_portable.settings import probes


def parsed(probe: Any, **names: object) -> probes.Probe:
    (found,) = probes.parse(probe, names)
    return found


def test_one_probe_several_and_none_are_labelled() -> None:
    assert probes.parse(None, {}) == ()
    assert [probe.label for probe in probes.parse("obj", {})] == ["probe"]
    assert [probe.label for probe in probes.parse(["obj", "1"], {})] == ["probe[0]", "probe[1]"]
    assert [probe.label for probe in probes.parse({"a b": "obj"}, {})] == ["probe['a b']"]


def test_an_expression_sees_the_object_and_the_names() -> None:
    probe = parsed("  sum(obj) * step\n", step=3)

    assert probe.to_request() == {
        "label": "probe",
        "mode": "expression",
        "source": "sum(obj) * step",
        "name": "",
    }
    assert probe.evaluate([1, 2], {"step": 3}) == 9


def test_names_are_seen_inside_a_comprehension() -> None:
    assert parsed("[x * step for x in obj]", step=3).evaluate([1, 2], {"step": 3}) == [3, 6]


def remember(function: Any) -> Any:
    return functools.lru_cache(function)


@remember
def decorated(obj: math, *, step: math = 2) -> math:  # type: ignore[valid-type]
    import math as maths

    def inner(value: math) -> math:  # type: ignore[valid-type]
        return maths.floor(value) + step

    return [inner(value) for value in obj]  # type: ignore[attr-defined]


def test_a_function_travels_without_decorators_and_annotations() -> None:
    probe = parsed(decorated)

    assert (probe.mode, probe.name) == ("function", "decorated")
    assert "remember" not in probe.source
    assert "math:" not in probe.source
    assert "->" not in probe.source
    assert probe.evaluate([1.5, 2.5], {"step": 1}) == [2, 3]


def test_a_function_may_call_itself() -> None:
    def count(obj: Any) -> int:
        return 1 + sum(count(part) for part in obj) if isinstance(obj, list) else 1

    assert parsed(count).evaluate([1, [2]], {}) == 4


def uses_a_module(obj: Any) -> Any:
    return math.floor(obj)


def uses_two(obj: Any) -> Any:
    return functools.reduce(math.gcd, obj)


def uses_one_in_a_default(obj: Any, floor: Any = math.floor) -> Any:
    return floor(obj)


def wants_a_rate(obj: Any, *, rate: int) -> Any:
    return obj * rate


def takes_nothing() -> int:
    return 1


def takes_all(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


def takes_optional(obj: Any, rate: int = 2, *, other: int = 3) -> Any:
    return obj * rate * other


def test_a_closure_is_not_self_contained() -> None:
    step = 3

    def probe(obj: int) -> int:
        return obj + step

    with pytest.raises(OptionError, match="probe is not self-contained, it uses step"):
        parsed(probe)


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        pytest.param("obj +", "'obj +' is no expression", id="syntax"),
        pytest.param("x = obj", "'x = obj' is no expression", id="statement"),
        pytest.param("obj\0", "is no expression", id="null"),
        pytest.param([], "probe: [] is empty", id="empty"),
        pytest.param(uses_a_module, "it uses math; import inside", id="global"),
        pytest.param(uses_two, "it uses functools, math;", id="globals"),
        pytest.param(uses_one_in_a_default, "it uses math;", id="default"),
        pytest.param(len, "the source of len cannot be read", id="builtin"),
        pytest.param(lambda obj: obj, "pass a function or an expression", id="lambda"),
        pytest.param(functools.partial(max), "cannot be read", id="partial"),
    ],
)
def test_what_cannot_travel_is_refused(probe: Any, words: str) -> None:
    with pytest.raises(OptionError, match=re.escape(words)):
        parsed(probe)


@pytest.mark.parametrize(
    ("probe", "names", "words"),
    [
        pytest.param("obj[i]", {"j": 1}, "uses i, which is neither obj nor", id="name"),
        pytest.param("[x + y for x in obj]", {}, "uses y, which is neither obj nor", id="inner"),
        pytest.param(wants_a_rate, {}, "wants_a_rate wants rate, which no value", id="missing"),
        pytest.param(
            wants_a_rate, {"rate": 1, "rates": 1}, "has no argument rates", id="one too many"
        ),
        pytest.param(takes_nothing, {}, "takes no object", id="no object"),
        pytest.param(5, {}, "5 is neither an expression as text nor a function", id="number"),
        pytest.param(None, {"rtol": 1e-5}, "rtol: a key of the mark, not of a check", id="key"),
        pytest.param(
            None, {"prob": "obj"}, "no argument of a check; did you mean 'probe'", id="near"
        ),
    ],
)
def test_what_would_raise_alike_on_both_sides_is_refused(
    probe: Any, names: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=re.escape(words)):
        probes.parse(probe, names)


@pytest.mark.parametrize(
    ("probe", "names"),
    [
        pytest.param("(n := len(obj)) and n", {}, id="walrus"),
        pytest.param("[x for x in obj if x][0]", {}, id="comprehension"),
        pytest.param("(lambda x: x + y)(obj)", {"y": 1}, id="lambda"),
        pytest.param("len", {}, id="builtin"),
        pytest.param("issubclass(ExceptionGroup, Exception)", {}, id="newer builtin"),
        pytest.param(wants_a_rate, {"rate": 2}, id="keyword"),
        pytest.param(takes_all, {"anything": 2}, id="any"),
        pytest.param(takes_optional, {}, id="default"),
        pytest.param(takes_optional, {"other": 1, "rate": 1}, id="no default"),
        pytest.param(None, {"X": 1}, id="value that only travels"),
    ],
)
def test_what_can_run_is_taken(probe: Any, names: dict[str, Any]) -> None:
    probes.parse(probe, names)


def test_the_objects_own_name_is_reserved() -> None:
    with pytest.raises(OptionError, match="`obj` is reserved"):
        probes.parse(None, {"obj": 1})


def with_annotation(obj: Any) -> Any:
    inner: math = obj  # type: ignore[valid-type]
    return inner


def test_annotations_are_left_behind() -> None:
    (probe,) = probes.parse(with_annotation, {})

    assert "math" not in probe.source


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(OptionError) as caught:
        probes.parse({"a": "1 +", "b": "obj", "c": uses_one_in_a_default}, {"obj": 1})

    assert len(caught.value.mistakes) == 3
    assert any(
        line.startswith("probe['c']: uses_one_in_a_default") for line in caught.value.mistakes
    )


def with_fields(obj: int) -> int:
    from dataclasses import dataclass

    @dataclass
    class Pair:
        left: int
        right: int = 2

    total: int
    total = Pair(obj).left + Pair(obj).right
    return total


def test_annotations_that_make_fields_stay() -> None:
    (probe,) = probes.parse(with_fields, {})

    assert probe.evaluate(1, {}) == 3
