from __future__ import annotations

import collections
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.judgement.findings import NOTHING, Findings
from pytest_portable.judgement.policies import check_policies
from pytest_portable.serializers.shipping import Shipping, Sources
from support.judging import context, sent
from unit.payload.truth import define

if TYPE_CHECKING:
    from pytest_portable.judgement.context import Context


def checked(known: Context, *payloads: tuple[str, object]) -> Findings:
    return check_policies(known, sent(known, *payloads))


def codes(found: Findings) -> tuple[list[str], list[str]]:
    return [one.code for one in found.problems], [one.code for one in found.notes]


# Sizes


def test_a_payload_over_its_budget_names_the_paths_that_fill_it() -> None:
    thing = {"model": {"table": bytes(9000), "names": ["n" * 90] * 2}, "rows": [b"x" * 2500] * 3}

    (problem,) = checked(context(thing, max_bytes=10_000)).problems

    assert (problem.code, problem.stage) == ("too-large", "inspect")
    assert problem.path == "obj['model']['table']"
    assert "obj['model']['table'] (9,0" in problem.message
    assert "obj['rows'][0] (2,5" in problem.message
    assert "obj (" not in problem.message


def test_a_huge_global_of_a_function_is_where_the_budget_goes() -> None:
    function = define("TABLE = bytes(50_000)\ndef f(i):\n    return TABLE[i]\n", "f")

    (problem,) = checked(context(function, max_bytes=10_000, serializer="cloudpickle")).problems

    assert problem.path == "obj.__globals__['TABLE']"


def test_a_payload_that_just_fits_passes() -> None:
    thing = bytes(1000)
    (_, data) = sent(context(thing)).payloads[0]

    assert checked(context(thing, max_bytes=len(data))) == NOTHING
    assert codes(checked(context(thing, max_bytes=len(data) - 1))) == (["too-large"], [])


def test_the_budget_covers_arguments_but_not_what_a_probe_sees() -> None:
    known = context(b"x", max_bytes=2000)

    assert checked(known, ("obj", b"x"), ("y", bytes(5000))) == NOTHING
    (problem,) = checked(known, ("obj", b"x"), ("arguments", ([{"a": bytes(5000)}], None))).problems

    assert problem.path == "args[0]['a']"
    assert "biggest: args[0]['a'] (5,00" in problem.message


def test_the_budget_covers_sources_that_are_shipped() -> None:
    sources = Sources(("shop",), {"shop/__init__.py": bytes(900), "shop_too.py": bytes(5000)})
    known = context([1], max_bytes=800, shipping=Shipping(sources=sources))

    (problem,) = checked(known).problems

    assert problem.path == "ship=['shop']"
    assert problem.message.endswith("biggest: ship=['shop'] (900)")
    assert problem.remedies[1].change.startswith("max_size=9")


# Modules


@pytest.mark.parametrize(
    ("thing", "path"),
    [
        pytest.param({"c": collections.Counter("ab")}, "obj['c']", id="by-reference"),
        pytest.param([1, pickle.dumps([collections.deque()])], "pickle.loads(obj[1])[0]", id="in"),
    ],
)
def test_a_forbidden_reference_is_named_by_path(thing: object, path: str) -> None:
    (problem,) = checked(context(thing, forbid=("collections",))).problems

    assert (problem.code, problem.stage) == ("forbidden-reference", "inspect")
    assert (problem.path, problem.module) == (path, "collections")
    assert "forbid=['collections']" in problem.message


def test_a_module_whose_name_only_begins_alike_is_not_forbidden() -> None:
    known = context(collections.Counter("ab"), forbid=("collect", "collections.abc"))

    assert checked(known) == NOTHING


def test_everything_that_leads_to_a_forbidden_module_is_one_problem() -> None:
    thing: list[object] = [collections.Counter(), collections.deque(), collections.OrderedDict()]

    (problem,) = checked(context(thing, forbid=("collections",))).problems

    assert problem.path == "obj[0]"
    assert "collections.deque at obj[1]" in problem.message


def by_value(body: str) -> Any:
    return define(f"def f():\n    {body}\n", "f")


def test_a_forbidden_import_inside_code_is_found_before_it_runs() -> None:
    function = by_value("import json.decoder\n    return json")

    found = checked(context({"f": function}, forbid=("json",), serializer="cloudpickle"))

    (problem,) = found.problems
    assert (problem.path, problem.module) == ("obj['f']", "json.decoder")
    assert found.notes == ()


def test_an_import_that_code_can_do_without_is_a_note() -> None:
    function = by_value("try:\n        import json\n    except ImportError:\n        pass")

    found = checked(context(function, forbid=("json",), serializer="cloudpickle"))

    assert codes(found) == ([], ["forbidden-reference"])
    assert "can do without" in found.notes[0].message


def test_findings_keep_the_order_of_payloads_and_modules() -> None:
    known = context(None, forbid=("json", "collections"), max_bytes=1)
    payloads = ("obj", collections.Counter("a")), ("x", [collections.deque(), pickle.loads])

    found = checked(known, *payloads)

    assert [one.path for one in found.problems] == ["obj", "obj", "x[0]"]
    assert found.problems[0].code == "too-large"
