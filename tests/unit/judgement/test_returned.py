from __future__ import annotations

import json
import pickle
import random
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.interrupts import listening
from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.judgement.returned import (
    judge_probe,
    judge_probe_there,
    judge_return,
    load_back,
)
from support.judging import (
    context,
    dumped_there,
    error_of,
    evidences,
    failed,
    probing,
    raised,
    returned,
    side,
    transcript,
    value,
)

if TYPE_CHECKING:
    from pytest_portable.agent.records import Record
    from pytest_portable.settings.probes import Probe


def compared(obj: object, *records: Record, equal: Any = None, **keys: Any) -> Findings:
    """Judge an object that came back."""
    known = context(obj, **keys)
    run = transcript(*records)
    return judge_return(known, run, evidences(known, run=run), equal, NOTHING)


def probed(
    obj: object,
    source: str,
    *records: Record,
    raises: tuple[type[BaseException], ...] = (),
    **keys: Any,
) -> Findings:
    """Judge an expression that the target evaluated too."""
    known = context(obj, **keys)
    run = transcript(*records)
    evidence = evidences(known, run=run)
    return judge_probe(known, run, evidence, probing(source, "probe", *raises), {}, NOTHING)


def thrown(source: str) -> BaseException:
    """Return what an expression raises as a probe."""
    return error_of(lambda: probing(source).evaluate(0, {}))


# The object


def test_an_object_that_comes_back_as_it_was_is_no_finding() -> None:
    assert compared([1, {"k": 2.5}], returned([1, {"k": 2.5}])) == NOTHING


def test_what_differs_is_a_problem_at_its_place() -> None:
    found = compared([1, {"k": 2}, 3], returned([1, {"k": 4}, 5]))

    assert [(one.code, one.stage, one.path) for one in found.problems] == [
        ("mismatch", "compare", "obj[1]['k']"),
        ("mismatch", "compare", "obj[2]"),
    ]
    assert found.problems[0].evidence == "2 went out, 4 came back"


@pytest.mark.parametrize(
    "keys", [{}, {"round_trip": False}], ids=["nothing-came", "nothing-was-wanted"]
)
def test_what_was_not_to_come_back_is_not_compared(keys: dict[str, Any]) -> None:
    records = (returned([2]),) if keys else ()

    assert compared([1], *records, **keys) == NOTHING


@pytest.mark.parametrize(("says", "codes"), [(True, []), (False, ["mismatch"])])
def test_the_callers_own_comparison_decides(*, says: bool, codes: list[str]) -> None:
    found = compared(1, returned(2), equal=lambda *_: says)

    assert [problem.code for problem in found.problems] == codes


@pytest.mark.parametrize("keeps_sharing", [True, False])
def test_a_serializer_may_say_that_it_splits_what_is_shared(*, keeps_sharing: bool) -> None:
    shared: list[Any] = [1]
    serializer = replace(context().serializer, keeps_sharing=keeps_sharing)

    found = compared([shared, shared], returned([[1], [1]]), serializer=serializer)

    assert bool(found.problems) is keeps_sharing


def test_tolerances_hold_for_the_object_and_for_results() -> None:
    assert compared(1.0, returned(1.0 + 1e-9)).problems
    assert not compared(1.0, returned(1.0 + 1e-9), rtol=1e-6).problems
    assert probed(1, "1.0", value(1.0 + 1e-9)).problems
    assert not probed(1, "1.0", value(1.0 + 1e-9), rtol=1e-6).problems


# What cannot be loaded here

THING = "class Thing: pass\ndef fail(): raise ValueError('no')"


def loaded_back(blob: bytes, path: str, **keys: Any) -> Any:
    known = context(**keys)
    return load_back(known, evidences(known), value({}, blob=blob), path)


def test_a_result_of_a_class_that_only_the_target_has_is_placed() -> None:
    back = loaded_back(dumped_there(THING, "{'k': [Thing()]}"), "obj()")

    (problem,) = back.findings.problems
    assert back.value is None
    assert (problem.code, problem.stage) == ("result-not-portable", "return")
    assert (problem.path, problem.module) == ("obj()['k'][0]", "only_there")
    assert problem.message == (
        "came back in a dict and cannot be loaded here: its module only_there is not importable "
        "here"
    )
    assert problem.remedies[0].text.startswith("have only_there here too, or return")


def test_a_result_that_is_itself_of_such_a_class_is_named() -> None:
    back = loaded_back(dumped_there(THING, "Thing()"), "obj()")

    assert back.findings.problems[0].message.startswith("came back as dict and cannot be loaded")


def test_what_loading_raises_is_told() -> None:
    back = loaded_back(b"cbuiltins\nint\n(Vno number\ntR.", "obj()")

    (problem,) = back.findings.problems
    assert "loading it raises ValueError: invalid literal" in problem.message
    assert problem.remedies[0].text == "return what both sides know: plain data, shared classes"


def test_another_version_there_is_named_with_its_pin() -> None:
    back = loaded_back(b"cpytest\nNoSuchThing\n.", "obj()", distributions={"pytest": "1.0"})

    (problem,) = back.findings.problems
    assert problem.distribution == "pytest"
    assert "(pytest 1.0 there, pytest " in problem.message
    assert "pytest==" in problem.remedies[0].text


def test_an_object_that_cannot_be_loaded_here_is_not_compared() -> None:
    blob = dumped_there(THING, "[Thing()]")

    (problem,) = compared([1], returned([1], blob=blob)).problems
    assert (problem.code, problem.path) == ("result-not-portable", "obj[0]")

    (problem,) = probed(1, "1", value(1, blob=blob)).problems
    assert (problem.code, problem.path) == ("result-not-portable", "probe[0]")


NEWER = b"cre_of_the_future\nPattern\n."


@pytest.fixture
def _renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a module have a new name that this Python does not know."""
    moved = {"re_of_the_future": "re"}
    monkeypatch.setattr("pytest_portable.judgement.load_answer._MOVED_MODULES", moved)


@pytest.mark.usefixtures("_renamed")
def test_what_newer_pythons_call_otherwise_is_compared_under_its_older_name() -> None:
    import re

    found = compared(re.Pattern, returned(re.Pattern, blob=NEWER))

    assert found.problems == ()
    assert [note.code for note in found.notes] == ["result-not-portable"]
    assert found.notes[0].message.endswith("; it was compared under its older name")
    assert probed(re.Pattern, "obj", value(re.Pattern, blob=NEWER)) == NOTHING


@pytest.mark.usefixtures("_renamed")
def test_what_a_call_returns_has_to_come_back_as_it_is() -> None:
    back = loaded_back(NEWER, "obj()")

    assert [problem.code for problem in back.findings.problems] == ["result-not-portable"]


def test_an_answer_of_pickle_is_loaded_by_pickle() -> None:
    def refuse(data: bytes) -> object:
        raise AssertionError(f"asked to load {len(data)} bytes")

    serializer = replace(context().serializer, loads=refuse)
    own = value([1], dumper="of_the_system:dumps")
    known = context(serializer=serializer)

    assert load_back(known, evidences(known), value([1]), "obj()").value == [1]
    assert load_back(known, evidences(known), own, "obj()").findings.problems


def test_buffers_beside_an_answer_are_loaded_with_it() -> None:
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(pickle.PickleBuffer(b"abc"), 5, buffer_callback=buffers.append)
    record = replace(value(b"", blob=data), buffers=tuple(bytearray(one) for one in buffers))
    known = context()

    assert load_back(known, evidences(known), record, "obj()").value == b"abc"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_an_object_raises_while_loading_ends_no_run(kind: type[BaseException]) -> None:
    def interrupted(_: bytes) -> object:
        raise kind

    known = context(serializer=replace(context().serializer, loads=interrupted))
    record = value(1, dumper="of_the_system:dumps")

    found = load_back(known, evidences(known), record, "obj()").findings.problems
    assert [one.code for one in found] == ["result-not-portable"]
    assert kind.__name__ in found[0].message


def test_ctrl_c_while_loading_ends_the_run() -> None:
    def interrupted(_: bytes) -> object:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError from None
        return 0

    known = context(serializer=replace(context().serializer, loads=interrupted))
    record = value(1, dumper="of_the_system:dumps")

    with pytest.raises(KeyboardInterrupt), listening():
        load_back(known, evidences(known), record, "obj()")


# Probes


def test_a_probe_that_returns_the_same_on_both_sides_is_no_finding() -> None:
    assert probed(1, "obj + 1", value(2)) == NOTHING


@pytest.mark.parametrize(
    ("source", "record"),
    [
        pytest.param("1 / 0", raised(ZeroDivisionError("division by zero")), id="exception"),
        pytest.param("[][1]", raised(IndexError("list index out of range")), id="another"),
        pytest.param(
            "exec(\"raise OSError(2, 'a', 'f')\")", raised(OSError(2, "a", "f")), id="attributes"
        ),
        pytest.param("{}[1]", raised(KeyError(1), blob=None), id="nothing-came-back"),
        pytest.param("{}[1]", raised(KeyError(1), blob=b"cnowhere\nX\n."), id="unloadable"),
    ],
)
def test_a_probe_that_raises_the_same_on_both_sides_proves_nothing_unless_it_is_asked_to(
    source: str, record: Any
) -> None:
    (problem,) = probed(1, source, record).problems

    kind = record.error.type
    assert (problem.code, problem.stage, problem.path) == ("call-error", "call", "probe")
    assert problem.message.startswith(f"the probe {source} raises {kind} on both sides, which")
    assert problem.evidence == str(record.error)
    assert problem.remedies[0].text.endswith(f"raises={kind}")
    assert probed(1, source, record, raises=(Exception,)) == NOTHING


@pytest.mark.parametrize("raises", [(KeyError,), (ValueError, KeyError)])
def test_an_exception_that_is_none_of_those_asked_for_fails(
    raises: tuple[type[BaseException], ...],
) -> None:
    record = raised(IndexError("list index out of range"))

    (problem,) = probed(1, "[][1]", record, raises=raises).problems

    assert (problem.code, problem.path) == ("call-error", "probe")
    assert "raises IndexError on both sides" in problem.message
    assert problem.message.endswith(
        f"raises={'KeyError' if len(raises) == 1 else '(ValueError, KeyError)'} is asked for"
    )


def test_where_an_exception_is_asked_for_returning_fails() -> None:
    (problem,) = probed(1, "obj + 1", value(2), raises=(ValueError,)).problems

    assert (problem.code, problem.stage, problem.path) == ("call-error", "call", "probe")
    assert problem.message.startswith("raises=ValueError is asked for, and nothing was raised")
    assert probed(1, "1 / 0", value(2), raises=(ArithmeticError,)).problems[0].code == "mismatch"
    one_side = probed(1, "obj", raised(ZeroDivisionError()), raises=(ArithmeticError,))
    assert one_side.problems[0].code == "call-error"


def test_exceptions_asked_for_are_compared_by_class_and_arguments() -> None:
    mine = "exec('import json; raise json.JSONDecodeError(%r, %r, 0)' % ('m', 'd'))"
    error = json.JSONDecodeError("m", "d", 0)
    other = json.JSONDecodeError("n", "d", 0)

    assert probed(1, mine, raised(error), raises=(ValueError,)) == NOTHING
    found = probed(1, mine, raised(other), raises=(ValueError,)).problems
    assert [one.code for one in found] == ["call-error", "mismatch"]
    # The texts of Python's own change between its versions.
    texts = raised(ZeroDivisionError("by nothing"))
    assert probed(1, "1 / 0", texts, raises=(ArithmeticError,)) == NOTHING
    # Another class is another one, even where both are asked for.
    assert probed(1, "1 / 0", raised(OverflowError()), raises=(ArithmeticError,)).problems


def test_a_probe_that_the_target_did_not_come_to_is_not_evaluated_here() -> None:
    assert probed([], "obj.append(1)") == NOTHING
    held: list[int] = []
    probed(held, "obj.append(1)", value(1, "another"))
    assert held == []


def test_a_result_that_could_not_be_dumped_is_judged_elsewhere() -> None:
    held: list[int] = []

    found = probed(held, "obj.append(1)", failed(TypeError("no"), "returning", "probe"))

    assert (found, held) == (NOTHING, [1])


def test_a_probe_sees_its_names() -> None:
    known = context(1)
    run = transcript(value(3))

    found = judge_probe(known, run, evidences(known), probing("obj + x"), {"x": 2}, NOTHING)

    assert found == NOTHING


def test_a_result_that_differs_is_placed_in_it() -> None:
    (problem,) = probed([1], "{'k': obj}", value({"k": [2]})).problems

    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "probe['k'][0]")
    assert problem.evidence == "1 here, 2 there"


@pytest.mark.parametrize(
    ("here", "there", "is_reordered"),
    [
        ([1, 2, 3], [3, 1, 2], True),
        ((1, 2), (2, 1), True),
        ("ab", "ba", True),
        ([1, 2], [1, 3], False),
        ([1, 2], (2, 1), False),
        ({1: 2, 2: 1}, {2: 2, 1: 1}, False),
    ],
)
def test_the_same_items_in_another_order_are_one_problem(
    here: object, there: object, *, is_reordered: bool
) -> None:
    problems = probed(here, "obj", value(there)).problems

    told = [problem.message.startswith("the same items in another order") for problem in problems]
    assert told == [True] if is_reordered else not any(told)
    assert problems


def test_what_is_raised_here_alone_is_a_mismatch() -> None:
    (problem,) = probed(0, "1 / obj", value(1)).problems

    assert (problem.code, problem.path) == ("mismatch", "probe")
    assert problem.message == "raised ZeroDivisionError here: division by zero, and nothing there"


def test_what_is_raised_there_alone_is_explained() -> None:
    (problem,) = probed(0, "1", raised(thrown("1 / 0"))).problems

    assert (problem.code, problem.stage) == ("call-error", "call")
    assert problem.path == "probe"
    assert "ZeroDivisionError" in problem.message
    assert problem.message.endswith("and not here")
    assert problem.traceback.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("source", "there", "told", "evidence"),
    [
        pytest.param(
            "{}[1]",
            "{}[2]",
            "KeyError was raised on both sides, with other arguments",
            "KeyError: 1 here, KeyError: 2 there",
            id="arguments",
        ),
        pytest.param(
            "exec('e = ValueError(0)\\ne.where = 1\\nraise e')",
            "exec('e = ValueError(0)\\ne.where = 2\\nraise e')",
            "ValueError was raised on both sides, with another where",
            "1 here, 2 there",
            id="attribute",
        ),
        pytest.param(
            "1 / 0",
            "[][1]",
            "another exception was raised here than there",
            "ZeroDivisionError: division by zero here, IndexError: list index out of range there",
            id="another-class",
        ),
    ],
)
def test_what_differs_of_two_exceptions_is_named(
    source: str, there: str, told: str, evidence: str
) -> None:
    error, mismatch = probed(0, source, raised(thrown(there))).problems

    assert (error.code, error.path) == ("call-error", "probe")
    assert error.message.startswith("the probe raised ")
    assert "and not here" not in error.message
    assert (mismatch.message, mismatch.evidence) == (told, evidence)


def test_causes_are_compared_and_notes_are_not() -> None:
    there = ValueError(1)
    there.__cause__ = KeyError(2)
    there.__notes__ = ["only there"]
    same, other = (f"exec('raise ValueError(1) from KeyError({cause})')" for cause in (2, 3))

    (problem,) = probed(0, other, raised(there)).problems

    assert (problem.code, problem.path) == ("mismatch", "probe.__cause__.args[0]")
    (problem,) = probed(0, same, raised(there)).problems
    assert problem.code == "call-error"


def test_syntax_of_another_python_is_the_probes_own_fault() -> None:
    error = SyntaxError("invalid syntax")

    (problem,) = probed(0, "1", raised(error), reader=side("3.8.20")).problems

    assert (problem.code, problem.stage) == ("stdlib-version", "call")
    assert "syntax that Python 3.8.20 does not have" in problem.message


def test_syntax_that_the_users_code_compiles_is_an_exception_like_any_other() -> None:
    record = raised(thrown("exec('(')"))

    assert probed(0, "1", record).problems[0].code == "call-error"


def test_an_interrupt_is_compared_like_any_exception() -> None:
    interrupt = "exec('raise KeyboardInterrupt')"

    asked = {"raises": (KeyboardInterrupt,)}
    assert probed(0, interrupt, raised(KeyboardInterrupt()), **asked) == NOTHING
    assert "KeyboardInterrupt" in probed(0, interrupt, value(1)).problems[0].message


def test_a_probe_may_be_a_coroutine() -> None:
    assert probed(1, "__import__('asyncio').sleep(0, obj + 1)", value(2)) == NOTHING


def test_the_tests_own_warnings_and_random_numbers_are_left_alone(
    recwarn: pytest.WarningsRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_portable.judgement.seeds.seeded_modules", lambda _: [])
    expected = random.Random(7).random()
    random.seed(1)

    found = probed(0, "__import__('random').random()", value(expected), seed=7)
    probed(0, "__import__('warnings').warn('here')", value(None))

    assert found == NOTHING
    assert random.random() == random.Random(1).random()
    assert not recwarn.list


# Probes that run there alone


def there_alone(probe: Probe, *records: Record) -> Findings:
    known = context()
    run = transcript(*records)
    return judge_probe_there(known, run, evidences(known, run=run), probe)


def test_a_probe_that_runs_there_alone_fails_where_it_raises() -> None:
    (problem,) = there_alone(probing("1 / 0"), raised(thrown("1 / 0"))).problems

    assert (problem.code, problem.stage) == ("call-error", "call")
    assert "not here" not in problem.message


def test_what_it_returns_is_compared_with_nothing() -> None:
    assert there_alone(probing("1"), value(2), raised(KeyError(1), "another")) == NOTHING
