from __future__ import annotations

import collections
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_portable.portable import Portable
    from pytest_portable.verdict import Verdict


def codes(verdict: Verdict) -> list[str]:
    return [problem.code for problem in verdict.problems]


def test_a_payload_over_its_budget_names_the_paths_that_fill_it(
    on: Callable[..., Portable],
) -> None:
    thing = {"model": {"table": bytes(9000), "names": ["n" * 90] * 2}, "rows": [b"x" * 2500] * 3}

    verdict = on(max_bytes=10_000).check(thing)

    assert (verdict.stage, codes(verdict)) == ("inspect", ["too-large"])
    (problem,) = verdict.problems
    assert problem.path == "obj['model']['table']"
    assert "obj['model']['table'] (9,0" in problem.message
    assert "obj['rows'][0] (2,5" in problem.message
    assert "obj (" not in problem.message
    assert verdict.seconds.get("there") is None


def test_a_huge_global_of_a_function_is_where_the_budget_goes(on: Callable[..., Portable]) -> None:
    function = define("TABLE = bytes(50_000)\ndef f(i):\n    return TABLE[i]\n", "f")

    verdict = on(max_bytes=10_000, serializer="cloudpickle").check(function)

    assert verdict.problems[0].path == "obj.__globals__['TABLE']"


def test_a_payload_that_just_fits_passes(on: Callable[..., Portable]) -> None:
    thing = bytes(1000)
    size = len(pickle.dumps(thing))

    assert on(max_bytes=size).check(thing)
    assert codes(on(max_bytes=size - 1).check(thing)) == ["too-large"]


def test_the_budget_covers_arguments_but_not_what_a_probe_sees(on: Callable[..., Portable]) -> None:
    portable = on(max_bytes=2000)

    assert portable.check(b"x", probe="obj + y", y=bytes(5000))
    with pytest.raises(AssertionError, match=r"biggest: args\[0\]\['a'\]\s+\(5,007\)\n"):
        portable.call(len, {"a": bytes(5000)})


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        pytest.param({"c": collections.Counter("ab")}, "obj['c']", id="by-reference"),
        pytest.param([1, pickle.dumps([collections.deque()])], "pickle.loads(obj[1])[0]", id="in"),
    ],
)
def test_a_forbidden_reference_is_named_by_path(
    thing: object, path: str, on: Callable[..., Portable]
) -> None:
    verdict = on(forbid=("collections",)).check(thing)

    assert (verdict.stage, codes(verdict)) == ("inspect", ["forbidden-reference"])
    (problem,) = verdict.problems
    assert (problem.path, problem.module) == (path, "collections")
    assert "forbid=['collections']" in problem.message


def test_a_module_whose_name_only_begins_alike_is_not_forbidden(
    on: Callable[..., Portable],
) -> None:
    assert on(forbid=("collect", "collections.abc")).check(collections.Counter("ab"))


def test_everything_that_leads_to_a_forbidden_module_is_one_problem(
    on: Callable[..., Portable],
) -> None:
    thing: list[object] = [collections.Counter(), collections.deque(), collections.OrderedDict()]

    (problem,) = on(forbid=("collections",)).check(thing).problems

    assert problem.path == "obj[0]"
    assert "collections.deque at obj[1]" in problem.message


def by_value(body: str) -> Any:
    return define(f"def f():\n    {body}\n", "f")


def test_a_forbidden_import_inside_code_is_found_before_it_runs(
    on: Callable[..., Portable],
) -> None:
    function = by_value("import json.decoder\n    return json")

    verdict = on(forbid=("json",), serializer="cloudpickle").check({"f": function})

    (problem,) = verdict.problems
    assert (problem.code, problem.path) == ("forbidden-reference", "obj['f']")
    assert problem.module == "json.decoder"


def test_an_import_that_code_can_do_without_is_a_note(on: Callable[..., Portable]) -> None:
    function = by_value("try:\n        import json\n    except ImportError:\n        pass")

    verdict = on(forbid=("json",), serializer="cloudpickle").check(function)

    assert verdict.portable
    assert [note.code for note in verdict.notes] == ["forbidden-reference"]
    assert "can do without" in verdict.notes[0].message


def test_a_forbidden_module_in_an_argument_has_the_arguments_path(
    on: Callable[..., Portable],
) -> None:
    with pytest.raises(AssertionError, match=r"kwargs\['key'\]"):
        on(forbid=("collections",)).call(dict, key=collections.Counter())
