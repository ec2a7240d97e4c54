from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.diagnosis.ask_target import Census
from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.late_imports import note_imports
from pytest_portable.serializers.shipping import Shipping, Sources
from pytest_portable.verdict import Problem
from support.judging import Answers, context, environment, evidences, sent
from unit.payload.truth import define

if TYPE_CHECKING:
    from pathlib import Path

LATER = define("def f():\n    from only_here.part import thing\n    return thing\n", "f")
GUARDED = "def f():\n    try:\n        import only_here\n    except ImportError:\n        pass\n"
NOT_THERE = Census(located={"only_here.part": False})


def noted(
    function: object = LATER,
    census: Census = NOT_THERE,
    found: Findings = NOTHING,
    **keys: Any,
) -> tuple[Findings, list[str]]:
    """Return the notes, and what was asked for them."""
    known = context({"f": function}, serializer="cloudpickle", **keys)
    asked = Answers(census=census)
    travelled = sent(known)
    evidence = evidences(known, travelled, questions=asked)
    return note_imports(known, travelled, evidence, found), asked.asked


def test_an_import_that_nobody_made_is_a_note() -> None:
    found, _ = noted()

    (note,) = found.notes
    assert (note.stage, note.path, note.module) == ("call", "obj['f']", "only_here.part")
    assert note.message.endswith("; this check did not come to it")
    assert found.problems == ()


def test_a_module_that_is_there_is_no_note() -> None:
    assert noted(census=Census(located={"only_here.part": True}))[0] == NOTHING


@pytest.mark.parametrize(
    "source", [GUARDED, "def f():\n    import json\n    return json\n", "def f(): return 1\n"]
)
def test_the_standard_library_and_optional_imports_are_not_asked_for(source: str) -> None:
    assert noted(define(source, "f")) == (NOTHING, [])


def test_what_stands_in_a_problem_already_is_no_note() -> None:
    known = problems([Problem("missing-module", "call", "needs it", module="only_here.other")])

    assert noted(found=known) == (NOTHING, [])


def test_what_is_shipped_is_not_asked_for() -> None:
    shipping = Shipping(sources=Sources(("only_here",), {}))

    assert noted(shipping=shipping) == (NOTHING, [])


@pytest.mark.parametrize("is_there", [True, False])
def test_an_environment_is_looked_at_before_it_is_asked(tmp_path: Path, *, is_there: bool) -> None:
    site = tmp_path / "lib/python3/site-packages"
    (site / ("only_here" if is_there else "other")).mkdir(parents=True)

    found, asked = noted(environment=environment(tmp_path))

    assert bool(asked) is not is_there
    assert bool(found.notes) is not is_there
