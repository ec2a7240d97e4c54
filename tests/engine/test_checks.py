from __future__ import annotations

import base64
import functools
import json
import operator
import pathlib
import pickle
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_portable.errors import OptionError, PortabilityError, SetupError
from pytest_portable.serializers import Serializer
from support.changed import changed, with_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable


class Hook:
    """Evaluates an expression while it is loaded."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, (self.code,)


def test_plain_data_travels_and_compares(on: Callable[..., Portable]) -> None:
    data = {"nan": float("nan"), "partial": functools.partial(pow, 2)}

    verdict = on()(data, probe="obj['partial'](k)", k=5)

    assert verdict.portable
    assert verdict.problems == ()


@pytest.mark.parametrize(
    ("code", "problem", "words"),
    [
        pytest.param("__import__('os')._exit(0)", "early-exit", "status 0", id="exit"),
        pytest.param("__import__('ctypes').string_at(0)", "crash", "SIGSEGV", id="crash"),
        pytest.param("__import__('sys').exit(3)", "load-hook", "SystemExit", id="sys-exit"),
        pytest.param("open('left', 'w')", "side-effect", "left", id="side-effect"),
    ],
)
def test_what_ends_a_child_is_a_verdict_and_the_agent_goes_on(
    on: Callable[..., Portable], code: str, problem: str, words: str
) -> None:
    portable = on(round_trip=False)

    verdict = portable.check(Hook(code))

    # What came of the load is another object, which is told behind its cause.
    assert [found.code for found in verdict.problems if found.code != "mismatch"] == [problem]
    assert words in str(verdict)
    assert portable.check(1).portable


def test_a_hang_ends_at_the_time_limit(on: Callable[..., Portable]) -> None:
    verdict = on(timeout_seconds=0.5).check(Hook("__import__('time').sleep(60)"))

    assert (verdict.stage, verdict.problems[0].code) == ("load", "timeout")


def test_what_is_printed_is_kept_and_cut(on: Callable[..., Portable]) -> None:
    verdict = on().check(0, probe="print('x' * 20_000_000)")

    assert verdict.portable
    assert verdict.stdout_bytes == 20_000_001
    assert len(verdict.stdout) == 65_536


def test_a_dump_failure_names_the_smallest_part(on: Callable[..., Portable]) -> None:
    verdict = on().check({"a": [1, threading.Lock()]})

    assert (verdict.stage, verdict.problems[0].code) == ("dump", "unserializable")
    assert verdict.problems[0].path == "obj['a'][1]"


def test_a_named_value_has_its_own_root(on: Callable[..., Portable]) -> None:
    verdict = on().check(1, probe="lock", lock=threading.Lock())

    assert verdict.problems[0].path == "lock"


def test_call_returns_the_result(on: Callable[..., Portable]) -> None:
    base = 3

    assert on(serializer="cloudpickle").call(lambda x, *, y: x + y + base, 1, y=2) == 6


SECOND_RUN = "'load_reduce' in str(__import__('traceback').format_stack())"


@pytest.mark.parametrize(
    ("args", "kwargs", "path", "words"),
    [
        pytest.param((1, Hook("1 / 0")), {}, "args[1]", "__main__", id="found"),
        pytest.param((), {"key": Hook("1 / 0")}, "kwargs['key']", "__main__", id="keyword"),
        # What fails otherwise the second time, watched, is claimed to be nowhere in particular.
        pytest.param(
            (Hook(f"{SECOND_RUN} or __import__('os')._exit(3)"),),
            {},
            "args[0]",
            "the process ended",
            id="only one",
        ),
        pytest.param(
            (1, Hook(f"{SECOND_RUN} or __import__('os')._exit(3)")),
            {},
            None,
            "in an argument of the call: the process ended",
            id="one of several",
        ),
    ],
)
def test_an_argument_that_does_not_load_is_named_as_far_as_it_is_known(
    on: Callable[..., Portable],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    path: str | None,
    words: str,
) -> None:
    with pytest.raises(PortabilityError) as caught:
        on().call(max, *args, **kwargs)

    (problem,) = caught.value.verdict.problems
    assert problem.path == path
    assert problem.message.startswith(words)


def test_notes_on_arguments_have_their_paths(on: Callable[..., Portable]) -> None:
    portable = on()
    portable.call(max, 1, pathlib.PosixPath("a"), key=str)

    assert [note.path for note in portable.verdicts[-1].notes] == ["args[1]"]


def test_call_raises_what_was_raised_there(on: Callable[..., Portable]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        on(serializer="cloudpickle").call(lambda: 1 / 0)

    assert "ZeroDivisionError" in "".join(caught.value.__notes__)


def test_an_exception_that_cannot_come_back_says_why(on: Callable[..., Portable]) -> None:
    class Boom(Exception):  # noqa: N818 - a user's exception
        def __init__(self, one: int, two: int) -> None:
            super().__init__(one)
            self.two = two

    def fail() -> None:
        raise Boom(1, 2)

    with pytest.raises(PortabilityError) as caught:
        on(serializer="cloudpickle").call(fail)

    verdict = caught.value.verdict
    assert (verdict.stage, verdict.problems[0].code) == ("return", "exception-not-portable")


def test_a_generator_cannot_come_back(on: Callable[..., Portable]) -> None:
    with pytest.raises(PortabilityError) as caught:
        on(serializer="cloudpickle").call(lambda: (i for i in range(3)))

    verdict = caught.value.verdict
    assert (verdict.stage, verdict.problems[0].code) == ("return", "result-not-portable")
    assert verdict.problems[0].path == "obj()"


def test_a_function_that_cannot_come_back_is_named(on: Callable[..., Portable]) -> None:
    def make() -> Any:
        return {"k": lambda: 1}

    portable = with_serializer(on(serializer="cloudpickle"), dumpers=("pickle:dumps",))

    with pytest.raises(PortabilityError) as caught:
        portable.call(make)

    (problem,) = caught.value.verdict.problems
    assert problem.path == "obj()['k']"
    assert "make.<locals>.<lambda> cannot be dumped there" in problem.message


def test_loading_the_answer_keeps_the_tests_own_class(on: Callable[..., Portable]) -> None:
    class Counter:
        total = 1

    counter = Counter()
    portable = on(serializer="cloudpickle")
    portable(counter)

    def change(thing: Any) -> Any:
        type(thing).total = 9
        return thing

    back = portable.call(change, counter)

    assert type(back) is Counter
    assert Counter.total == 1


def test_a_probe_with_free_variables_is_refused(on: Callable[..., Portable]) -> None:
    def probe(obj: object) -> object:
        return sys.version, obj

    with pytest.raises(OptionError, match="uses sys"):
        on().check(1, probe=probe)


def test_a_self_contained_function_is_a_probe(on: Callable[..., Portable]) -> None:
    def probe(obj: list[int], *, step: int) -> list[int]:
        import math

        return [math.floor(x) + step for x in obj]

    assert on()([1, 2], probe=probe, step=2).portable


def test_the_text_fits_eighty_columns(on: Callable[..., Portable]) -> None:
    text = str(on().check({"a": [1, threading.Lock()]}))

    assert max(map(len, text.splitlines())) <= 76


def test_credentials_of_requirements_never_reach_a_verdict(on: Callable[..., Portable]) -> None:
    """The environment is adopted, so nothing is asked of that address."""
    portable = on()
    deps = ("x @ git+https://me:s3cret-t0ken@host/x.git@v1",)
    portable = changed(portable, leg=replace(portable.leg, deps=deps))

    told = repr(portable.check([1]).to_dict())

    assert "s3cret-t0ken" not in told
    assert "x @ git+https://****@host/x.git@v1" in told


def test_an_inspection_is_told_as_a_tree(on: Callable[..., Portable]) -> None:
    text = str(on().inspect({"p": functools.partial(pow, 2)}))

    assert "    functools.partial  obj['p']" in text


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_big_array_travels_both_ways(on: Callable[..., Portable], protocol: int) -> None:
    array = np.arange(2_000_000.0)
    frozen = array[:500_000].copy()
    frozen.setflags(write=False)
    value = {"a": array, "again": array, "frozen": frozen, "text": "x" * 2_000_000}

    verdict = on(protocol=protocol)(value, probe="obj['a'].flags.writeable, obj['a'] + 1")

    assert verdict.portable
    assert verdict.payload_bytes == pytest.approx(22_000_000, abs=2000)


def test_a_big_result_can_be_written_to(on: Callable[..., Portable]) -> None:
    back = on(serializer="cloudpickle").call(lambda a: a * 2, np.ones(1_000_000))

    back += 1
    assert back.sum() == 3_000_000


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_big_array_that_comes_back_changed_is_told(
    on: Callable[..., Portable], protocol: int
) -> None:
    portable = on(protocol=protocol)

    verdict = portable.check([np.zeros(1_000_000), Hook("1")], probe="obj[0].sum()")

    assert verdict.problems[0].path == "obj[1]"
    assert "obj[0]" not in str(verdict)


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_failing_load_beside_a_big_array_has_its_path(
    on: Callable[..., Portable], protocol: int
) -> None:
    verdict = on(protocol=protocol).check([np.zeros(1_000_000), Hook("1/0")])

    assert (verdict.stage, verdict.problems[0].code) == ("load", "load-hook")


@pytest.mark.parametrize("protocol", [4, 5])
def test_the_budget_counts_what_travels_outside(on: Callable[..., Portable], protocol: int) -> None:
    verdict = on(protocol=protocol, max_bytes=1000).check({"a": np.zeros(1_000_000)})

    assert verdict.problems[0].code == "too-large"
    assert verdict.problems[0].path is not None
    assert verdict.problems[0].path.startswith("obj['a']")


def test_a_payload_of_a_newer_protocol_is_refused_before_it_is_loaded(
    on: Callable[..., Portable],
) -> None:
    verdict = on().check_payload(b"\x80\x06cos\n_exit\n(K\x07tR.")

    assert (verdict.stage, verdict.problems[0].code) == ("inspect", "protocol-too-new")
    assert len(verdict.problems) == 1


def test_a_probe_that_raises_on_a_payload_of_a_file_is_a_problem(
    on: Callable[..., Portable],
) -> None:
    data = pickle.dumps({"a": 1})
    portable = on()

    assert portable.check_payload(data, probe=["obj['a']", "len(obj)"]).portable
    verdict = portable.check_payload(data, probe={"fine": "obj['a']", "not": "obj['b']"})
    (record, fails) = portable.check_records(data + pickle.dumps({}), probe="obj['a']")

    (problem,) = verdict.problems
    assert (problem.code, problem.stage, problem.path) == ("call-error", "call", "probe['not']")
    assert problem.message == "probe['not'] raised KeyError: 'b' there"
    assert record.portable
    assert fails.problems[0].message == "the probe raised KeyError: 'a' there"


def test_what_is_preloaded_is_there_before_the_payload(on: Callable[..., Portable]) -> None:
    is_loaded = "'colorsys' in __import__('sys').modules"

    with_it = on(preload=("colorsys",)).check(0, probe=f"print({is_loaded})")
    without = on().check(0, probe=f"print({is_loaded})")

    assert (with_it.stdout, without.stdout) == ("True\n", "False\n")
    assert "preload colorsys (hides imports that are missing)" in " ".join(str(with_it).split())


@pytest.mark.parametrize("name", ["no_such_module", "json.nothing"])
def test_what_cannot_be_preloaded_is_a_set_up_failure(
    on: Callable[..., Portable], name: str
) -> None:
    with pytest.raises(SetupError, match=f"preload: '{name}' cannot be imported") as caught:
        on(preload=(name,))

    assert "ModuleNotFoundError" in str(caught.value)
    assert on().check(1).portable


def test_a_serializer_with_code_of_its_own_is_tried_here_too(on: Callable[..., Portable]) -> None:
    verdict = on(serializer="joblib").check(Hook("1/0"))

    assert (verdict.stage, verdict.problems[0].code) == ("load", "load-hook")


def test_a_crash_in_a_call_is_the_functions_and_not_an_arguments(
    on: Callable[..., Portable],
) -> None:
    with pytest.raises(PortabilityError) as caught:
        on().call(eval, "__import__('ctypes').string_at(0)")

    (problem,) = caught.value.verdict.problems
    assert (problem.code, problem.stage, problem.path) == ("crash", "call", "obj")


ENVELOPE = """
import base64


def loads(data):
    import _pickle

    return _pickle.loads(base64.b64decode(data))  # not pickle's name for it: nothing reaches there


def dumps(value):
    import pickle

    return base64.b64encode(pickle.dumps(value))
"""


def test_a_load_that_breaks_behind_a_serializers_own_loader_is_placed_too(
    on: Callable[..., Portable],
) -> None:
    enveloped = Serializer(
        name="enveloped",
        dumps=lambda value: base64.b64encode(pickle.dumps(value)),
        loads=lambda data: pickle.loads(base64.b64decode(data)),
        loaders="there:loads",
        dumpers="there:dumps",
        pickles=lambda data: [base64.b64decode(data)],
        there=ENVELOPE,
    )
    portable = on(serializer="enveloped", given_serializer=enveloped)

    (problem,) = portable.check({"k": [1, Hook("1 / 0")]}).problems

    assert (problem.code, problem.path) == ("load-hook", "obj['k'][1]")


def test_a_serializer_may_know_that_two_objects_are_the_same(on: Callable[..., Portable]) -> None:
    """It is asked only where they differ, and its own errors are no answer."""
    asked: list[str] = []

    def is_same(original: list[list[int]], returned: list[list[int]]) -> bool:
        asked.append("yes")
        return original[0][0] == returned[0][0]

    as_json = Serializer(
        name="as-json",
        dumps=lambda value: json.dumps(value).encode(),
        loaders="json:loads",
        dumpers="there:dumps",
        pickles=lambda _: (),
        is_same=is_same,
        there="import json\n\ndef dumps(value):\n    return json.dumps(value[::-1]).encode()\n",
    )
    portable = on(serializer="as-json", given_serializer=as_json)
    shared = [1]

    assert portable.check([shared, shared])
    assert asked == ["yes"]
    assert portable.check([[1], [1]])
    assert asked == ["yes"]
    assert not portable.check([[1], [2]])
    assert not portable.check([[], [2]])


@pytest.mark.parametrize("equal", [5, abs, lambda a: a, lambda a, b, c: a + b + c])
def test_what_cannot_compare_is_a_mistake(on: Callable[..., Portable], equal: Any) -> None:
    with pytest.raises(OptionError, match=r"^equal: .*equal\(original, returned\)"):
        on().check(1, equal=equal)


@pytest.mark.parametrize(
    "equal", [lambda *sides: bool(sides), lambda a, b, *, c=0: a == b + c, operator.eq]
)
def test_what_can_be_called_with_two_objects_compares(
    on: Callable[..., Portable], equal: Any
) -> None:
    assert on().check(1, equal=equal)
