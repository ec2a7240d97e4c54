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


def takes_one(obj: Any) -> Any:
    return obj


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
        pytest.param(eval("lambda obj: obj"), "source of this lambda cannot be", id="lambda"),
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
        pytest.param("obj", {"raises": 1}, "names: `raises` is reserved", id="raises"),
        pytest.param(None, {"raise": KeyError}, "did you mean 'raises'?", id="raise"),
        pytest.param(
            None, {"prob": "obj"}, "no argument of a check; did you mean 'probe'", id="near"
        ),
        pytest.param(
            "obj",
            {"raises_": KeyError},
            "raises_: no argument of a check; did you mean 'raises'?",
            id="beside an expression",
        ),
        pytest.param(
            ["obj", "len(obj)"], {"raise_s": 1}, "did you mean 'raises'?", id="beside several"
        ),
        pytest.param(
            takes_one,
            {"raise_": 1},
            "has no argument raise_; did you mean 'raises'?",
            id="beside a function",
        ),
        pytest.param("obj", {"rtol": 1e-5}, "rtol: a key of the mark", id="key beside a probe"),
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
        pytest.param("obj", {"X": 1}, id="value that only travels beside a probe"),
        pytest.param("obj + raise_", {"raise_": 1}, id="name like an argument"),
        pytest.param("[x * rtol for x in obj]", {"rtol": 1}, id="name like a key"),
        pytest.param(takes_all, {"raise_": 1}, id="any name like an argument"),
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


# Lambdas


def source_of(probe: Any) -> str:
    return parsed(probe).source.replace("\n    ", " ")


def test_a_lambda_travels_as_a_function_of_its_own() -> None:
    a, b = lambda obj: obj.a, lambda obj: obj.b
    c, d = lambda obj, n=1: obj[n], lambda obj, n=2: obj[n]
    named = lambda obj: list(filter(lambda one: one > 1, obj))  # noqa: E731
    named.__name__ = "named"

    assert source_of(a) == "def lambda_probe(obj): return obj.a"
    assert source_of(b) == "def lambda_probe(obj): return obj.b"
    assert "n=1" in source_of(c)
    assert "n=2" in source_of(d)
    assert parsed(named).evaluate([1, 2], {}) == [2]
    assert parsed(
        lambda obj, *, rate: (
            obj * rate
        ),
        rate=3,
    ).evaluate(2, {"rate": 3}) == 6  # fmt: skip


def test_a_lambda_on_the_line_of_a_def_is_not_that_def() -> None:
    def outer(number: int) -> Any: return source_of(lambda obj: obj.inner[0]) * number  # fmt: skip

    assert outer(1) == "def lambda_probe(obj): return obj.inner[0]"


def test_a_function_made_at_run_time_is_not_the_def_on_its_line() -> None:
    made: dict[str, Any] = {}
    exec(compile("def other(obj): return 1", __file__, "exec"), made)

    with pytest.raises(OptionError, match="the source of other cannot be read"):
        parsed(made["other"])


def test_lambdas_that_cannot_be_told_apart_or_travel_are_refused() -> None:
    step = 3
    one, two = lambda obj, n=[1]: obj[n], lambda obj, n=[2]: obj[n]
    wrong = {
        "several lambdas on line": one,
        "the lambda is not self-contained, it uses step; pass": lambda obj: obj + step,
        "the lambda is not self-contained, it uses math;": lambda obj: math.floor(obj) + 1,
        "the lambda takes no object": lambda: 1,
        "the lambda wants rate": lambda obj, rate: obj * rate,
    }

    for words, probe in wrong.items():
        with pytest.raises(OptionError, match=re.escape(words)):
            parsed(probe)
    with pytest.raises(OptionError, match="cannot be told apart"):
        parsed(two)


# What is wanted of them


def test_exceptions_that_are_wanted_go_with_their_probe() -> None:
    (one,) = probes.parse("obj", {}, (KeyError, IndexError))
    listed = probes.parse(["obj", "1"], {}, {1: KeyError})
    named = probes.parse({"a": "obj", "b": "1"}, {}, {"a": KeyError})

    assert one.raises == (KeyError, IndexError)
    assert [probe.raises for probe in listed] == [(), (KeyError,)]
    assert [probe.raises for probe in named] == [(KeyError,), ()]
    assert named[0].to_manifest()["raises"] == ["builtins.KeyError"]
    assert "raises" not in named[0].to_request()


@pytest.mark.parametrize(
    ("probe", "raises", "words"),
    [
        pytest.param(None, KeyError, "there is no probe", id="no probe"),
        pytest.param("obj", KeyError(), "is neither an exception class nor", id="instance"),
        pytest.param("obj", (), "() is neither an exception class nor", id="empty"),
        pytest.param("obj", (KeyError, 1), "is neither an exception class", id="one of them"),
        pytest.param("obj", {"obj": KeyError}, "there is one probe: give an", id="dict"),
        pytest.param(["obj"], KeyError, "raises={0: ValueError}", id="list"),
        pytest.param({"a": "obj"}, KeyError, "raises={'a': ValueError}", id="names"),
        pytest.param({"first": "obj"}, {"frist": KeyError}, "did you mean 'first'?", id="near"),
        pytest.param(["obj"], {1: KeyError}, "1 is no probe", id="number"),
        pytest.param({"a": "obj"}, {"a": int}, "raises['a']: <class 'int'>", id="its own"),
    ],
)
def test_what_is_wanted_names_probes_and_exceptions(probe: Any, raises: Any, words: str) -> None:
    with pytest.raises(OptionError, match=re.escape(words)):
        probes.parse(probe, {}, raises)
