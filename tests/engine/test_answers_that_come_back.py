from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest

from pytest_portable.serializers import safe_loads
from support.changed import with_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable


@pytest.mark.parametrize("keeps_sharing", [True, False])
def test_a_serializer_may_say_that_it_splits_what_is_shared(
    on: Callable[..., Portable], *, keeps_sharing: bool
) -> None:
    def split(data: bytes) -> object:
        return [copy.copy(part) for part in safe_loads.loads(data)]  # type: ignore[attr-defined]

    portable = with_serializer(
        on(), loads=split, keeps_sharing=keeps_sharing, dumpers=("_pickle:dumps",)
    )
    shared: list[Any] = [1]

    verdict = portable.check([shared, shared])

    assert verdict.portable is not keeps_sharing


def test_a_type_variable_that_travels_by_value_comes_back(on: Callable[..., Portable]) -> None:
    variable = TypeVar("variable")

    class Box(Generic[variable]):
        pass

    assert on(serializer="cloudpickle").check([Box(), Box[int]])


def test_probes_in_a_list_are_judged_one_by_one(on: Callable[..., Portable]) -> None:
    verdict = on().check(
        [3], probe=["obj[0]", "__import__('os').getpid()", "obj.append(1)", "1 / len(obj[2:])"]
    )

    found = {problem.path: problem.code for problem in verdict.problems}
    assert found == {"probe[1]": "mismatch", "probe[3]": "call-error"}


def test_one_of_several_probes_may_be_asked_to_raise(on: Callable[..., Portable]) -> None:
    rows = ["obj[0]", "obj[7]"]
    named = {"first": "obj[0]", "last": "obj[7]"}

    assert on().check([3], probe=rows, raises={1: IndexError})
    assert on().check([3], probe=named, raises={"last": LookupError})
    assert [one.path for one in on().check([3], probe=named).problems] == ["probe['last']"]
    (problem,) = on().check([3], probe=rows, raises={0: IndexError, 1: IndexError}).problems
    assert (problem.code, problem.path) == ("call-error", "probe[0]")


def test_a_lambda_is_a_probe_wherever_it_stands(on: Callable[..., Portable]) -> None:
    assert on().check({"a": 2}, probe=lambda obj: obj["a"] + 1)
    assert on().check([2], probe=lambda obj, *, rate: obj[0] * rate, rate=3)
    assert not on().check([2], probe=lambda obj: __import__("os").getpid() + obj[0])
    (problem,) = on().check([2], probe=lambda obj: obj.sise).problems
    assert "the probe lambda raises AttributeError on both sides" in problem.message


def test_probes_in_a_dict_are_named(on: Callable[..., Portable]) -> None:
    verdict = on().check(2, probe={"same": "obj + 1", "other": "[0, __import__('os').getpid()]"})

    assert [problem.path for problem in verdict.problems] == ["probe['other'][1]"]


HERE = "__import__('sys').modules.get('pytest')"
"""True here, false in the target."""


@pytest.mark.parametrize(
    ("probe", "stage", "words"),
    [
        pytest.param("1 / 0", "call", "raises=ZeroDivisionError", id="same"),
        pytest.param(
            'exec(\'raise OSError(2, "a", "f")\')',
            "call",
            "FileNotFoundError",
            id="same-attributes",
        ),
        pytest.param(f"1 if {HERE} else 1 / 0", "call", "ZeroDivisionError", id="only-there"),
        pytest.param(f"1 / 0 if {HERE} else 1", "compare", "nothing there", id="only-here"),
        pytest.param(f"1 / 0 if {HERE} else [][1]", "call", "IndexError", id="another-class"),
        pytest.param(f"[][1] if {HERE} else {{}}['k']", "call", "KeyError", id="another-error"),
        pytest.param(
            f"exec('raise ValueError(%d)' % (1 if {HERE} else 2))", "call", "2", id="arguments"
        ),
        pytest.param(
            f"exec('raise ValueError(1) from KeyError(%d)' % (1 if {HERE} else 2))",
            "compare",
            "probe.__cause__.args[0]",
            id="cause",
        ),
    ],
)
def test_exceptions_of_a_probe_are_compared(
    on: Callable[..., Portable], probe: str, stage: str | None, words: str
) -> None:
    verdict = on().check(1, probe=probe)

    assert verdict.stage == stage
    assert words in str(verdict)


@pytest.mark.parametrize(
    ("source", "told", "evidence"),
    [
        pytest.param(
            f"{{}}[1 if {HERE} else 2]",
            "KeyError was raised on both sides, with other arguments",
            "KeyError: 1 here, KeyError: 2 there",
            id="arguments",
        ),
        pytest.param(
            f"exec('e = ValueError(0)\\ne.where = %d\\nraise e' % (1 if {HERE} else 2))",
            "ValueError was raised on both sides, with another where",
            "1 here, 2 there",
            id="attribute",
        ),
        pytest.param(
            f"1 / 0 if {HERE} else [][1]",
            "another exception was raised here than there",
            "ZeroDivisionError: division by zero here, IndexError: list index out of range there",
            id="another-class",
        ),
    ],
)
def test_what_differs_of_two_exceptions_is_named(
    on: Callable[..., Portable], source: str, told: str, evidence: str
) -> None:
    error, mismatch = on().check(0, probe=source).problems

    assert (error.code, error.path) == ("call-error", "probe")
    assert error.message.startswith("the probe raised ")
    assert "and not here" not in error.message
    assert (mismatch.message, mismatch.evidence) == (told, evidence)


def test_a_probe_may_be_a_coroutine(on: Callable[..., Portable]) -> None:
    async def probe(obj: int) -> int:
        import asyncio

        await asyncio.sleep(0)
        return obj + 1

    assert on().check(1, probe=probe).portable


def test_the_original_is_probed_after_the_round_trip(on: Callable[..., Portable]) -> None:
    verdict = on().check([1], probe="obj.append(2) or list(obj)")

    assert verdict.portable


@pytest.mark.parametrize(
    "probe",
    [
        pytest.param("__import__('random').random()", id="random"),
        pytest.param("__import__('numpy').random.rand(2).tolist()", id="numpy"),
    ],
)
def test_a_seed_makes_both_sides_draw_the_same(on: Callable[..., Portable], probe: str) -> None:
    import random

    random.seed(1)
    expected = random.Random(1).random()

    assert not on().check(0, probe=probe).portable
    random.seed(1)
    assert on(seed=7).check(0, probe=[probe, probe]).portable
    assert random.random() == expected


def test_a_seed_holds_for_a_call(on: Callable[..., Portable]) -> None:
    import random

    portable = on(seed=7)

    drawn = portable.call(eval, "__import__('random').random()")

    assert drawn == random.Random(7).random()


def test_what_the_probe_says_and_warns_is_kept(on: Callable[..., Portable]) -> None:
    verdict = on(warnings="error").check(
        1, probe="print('said') or __import__('warnings').warn('watch out')"
    )

    assert verdict.portable
    assert verdict.stdout == "said\n"
    assert [warning["message"] for warning in verdict.warnings] == ["watch out"]


def test_tolerances_hold_for_results_too(on: Callable[..., Portable]) -> None:
    probe = f"1.0 if {HERE} else 1.0 + 1e-9"

    assert not on().check(1, probe=probe).portable
    assert on(rtol=1e-6).check(1, probe=probe).portable


def test_an_answer_of_pickle_is_loaded_by_pickle(on: Callable[..., Portable]) -> None:
    portable = with_serializer(
        on(), loads=lambda data: pytest.fail(f"asked to load {len(data)} bytes")
    )

    assert portable.check([1], probe="len(obj)").portable
    with pytest.raises(KeyError):
        portable.call(eval, "{}['k']")
