"""Why a probe disagrees, from what it asked for when it ran once more."""

from __future__ import annotations

import collections.abc
import decimal
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.agent.descriptions import PartFacts
from pytest_portable.agent.in_target import facts as in_facts
from pytest_portable.agent.in_target import parts
from pytest_portable.agent.records import Looked, Parts
from pytest_portable.agent.typed_json import read_as
from pytest_portable.diagnosis.ask_target import Census
from pytest_portable.judgement.findings import Findings, problems
from pytest_portable.judgement.probe_causes import explain_probes, parts_of_probe
from pytest_portable.judgement.probes_without_answer import nothing_raised, raised_alike
from pytest_portable.verdict import Problem
from support.judging import Answers, context, evidences, probing, sent, side, transcript
from unit.payload.truth import define

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DIFFERS = Problem("mismatch", "compare", "the probe differs", path="probe")
RAISED = Problem("call-error", "call", "the probe raised", path="probe")


class Model:
    """Its state leaves `n` out."""

    n = 0

    def __init__(self) -> None:
        self.n, self.k = 5, 1

    def __getstate__(self) -> dict[str, int]:
        return {"k": self.k}


class Rows(list[int]):
    """Its reducer returns no label."""

    label: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Rows, (list(self),)


class Asked(Answers):
    """Answers as a target would that has this object."""

    def __init__(
        self,
        there: object = None,
        looked: Sequence[tuple[str, str]] = (),
        facts: Mapping[str, str] | None = None,
        census: Census | None = None,
        parts: Sequence[PartFacts] | None = None,
    ) -> None:
        def again(_: object, wanted: Sequence[str], seed: object) -> Any:
            self.wanted, self.seed = list(wanted), seed
            told = [
                read_as(PartFacts, in_facts.part_facts(part, {"obj": there})) for part in wanted
            ]
            known = facts if facts is not None else in_facts.process_facts()
            given = told if parts is None else parts
            return transcript(Looked(tuple(looked), known), Parts(tuple(given)))

        super().__init__(again=again, census=census)


def explained(
    obj: object,
    source: str,
    asked: Answers | None,
    *before: Problem,
    names: Mapping[str, object] | None = None,
    **keys: Any,
) -> Findings:
    known = context(obj, **keys)
    evidence = evidences(known, sent(known), questions=asked)
    found = problems(before or (DIFFERS,))
    return explain_probes(known, evidence, [probing(source)], names or {}, found)


# When it is asked at all


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(Problem("mismatch", "compare", "differs", path="obj[0]"), id="of-the-object"),
        pytest.param(Problem("crash", "load", "ended", path="obj"), id="of-the-load"),
    ],
)
def test_where_something_else_explains_it_nobody_is_asked(before: Problem) -> None:
    asked = Asked()

    found = explained([1], "obj[0]", asked, DIFFERS, before)

    assert found == problems([DIFFERS, before])
    assert asked.asked == []


def test_of_several_probes_the_one_that_disagrees_is_run_again() -> None:
    differs = Problem("mismatch", "compare", "differs", path="probe[1]")
    asked = Asked(there=[1], looked=[("hash", "hash")])

    known = context([1])
    evidence = evidences(known, questions=asked)
    probes = [probing("hash(obj)", "probe[0]"), probing("hash(obj)", "probe[1]")]
    found = explain_probes(known, evidence, probes, {}, problems([differs]))

    assert asked.asked == ["again"]
    assert [one.code for one in found.problems] == ["environment-dependency", "mismatch"]


def test_where_nobody_can_be_asked_findings_stay_as_they_were() -> None:
    assert explained([1], "obj[0]", None) == problems([DIFFERS])


def test_what_is_found_comes_before_the_disagreement() -> None:
    found = explained([2], "obj[0]", Asked(there=[1]))

    assert [one.path for one in found.problems] == ["obj", "probe"]
    assert found.problems[1] == DIFFERS


# What the probe reads


def test_an_attribute_that_the_state_leaves_out_is_named() -> None:
    there = Model.__new__(Model)
    there.__dict__["k"] = 1

    problem = explained({"m": Model()}, "obj['m'].n", Asked({"m": there})).problems[0]

    assert (problem.code, problem.stage, problem.path) == ("mismatch", "compare", "obj['m'].n")
    assert problem.message.endswith("which did not travel: Model.__getstate__ leaves n out")
    assert problem.evidence == "5 here, 0 there"
    assert problem.remedies[0].text == "let Model.__getstate__ bring n"


def test_an_attribute_that_came_with_another_value_is_named() -> None:
    there = Model()
    there.n = 6

    problem = explained(Model(), "obj.n", Asked(there)).problems[0]

    assert problem.message.endswith(": what Model.__getstate__ returns does not bring n")


def test_an_attribute_that_is_not_there_at_all_is_named() -> None:
    here = [Model()]
    whole, part = (parts.canonical(each) for each in (here, here[0]))
    facts = [
        PartFacts(whole),
        PartFacts(part, held=("k",)),
        PartFacts(None, "AttributeError: no n"),
    ]

    problem = explained(here, "obj[0].n + 1", Asked(parts=facts), RAISED).problems[0]

    assert (problem.stage, problem.path) == ("call", "obj[0].n")
    assert problem.evidence == "5 here, there it raises AttributeError: no n there"


def test_an_attribute_that_a_reducer_loses_is_named() -> None:
    rows = Rows([1, 2])
    rows.label = "x"

    problem = explained(rows, "str(obj.label)", Asked(Rows([1, 2]))).problems[0]

    assert problem.path == "obj.label"
    assert "Rows.__reduce__ leaves label out" in problem.message


def test_what_a_method_reads_of_an_equal_object_is_a_note() -> None:
    asked = Asked({"m": [1]}, looked=[("process", "getpid")])

    found = explained({"m": [1]}, "obj['m'].__len__() + getpid()", asked)

    assert found.problems == (DIFFERS,)
    (note,) = found.notes
    assert note.path == "obj['m']"
    assert "is equal on both sides; it asks for getpid, which every process has" in note.message
    assert "here it is Python" not in note.message


@pytest.mark.parametrize(
    ("obj", "source"),
    [
        pytest.param(
            {"m": logging.getLogger("of.a.test")}, "obj['m'].getEffectiveLevel()", id="a-level"
        ),
        pytest.param({"s": collections.abc.Sized}, "isinstance(1, obj['s'])", id="a-registry"),
        pytest.param([object()], "len(obj)", id="an-object"),
        pytest.param({"a", "b"}, "list(obj)", id="an-order"),
        pytest.param([list(range(300))], "sum(obj[0])", id="too-many"),
        pytest.param(["x" * 3000], "hash(obj[0])", id="too-long"),
        pytest.param([1, 1], "obj[0] is obj[1]", id="identity"),
        pytest.param([1], "__import__('a_module').level + obj[0]", id="a-module"),
        pytest.param([1], "id(obj)", id="a-number"),
    ],
)
def test_that_all_is_equal_is_not_said_where_not_all_was_compared(obj: Any, source: str) -> None:
    found = explained(obj, source, Asked(obj))

    assert found == problems([DIFFERS])
    (note,) = explained(obj, source, Asked(obj, looked=[("process", "getpid")])).notes
    assert "asks for getpid, which every process has of its own" in note.message


def test_a_value_beside_the_object_has_to_be_plain_too() -> None:
    plain = explained([1], "obj[0] + n", Asked([1]), names={"n": 2}).notes
    other = explained([1], "obj[0] + n.x", Asked([1]), names={"n": Model()}).notes

    assert [note.message for note in plain] == [
        "what obj[0] + n reads of it is equal on both sides"
    ]
    assert other == ()


def test_a_probe_without_an_answer_is_not_explained() -> None:
    asked = Asked([1])
    alike = raised_alike(probing("obj[7]"), "IndexError", "IndexError: no", ())
    other = nothing_raised(probing("obj[0]"), ["KeyError"])

    for before in (alike, other):
        assert explained([1], "obj[7]", asked, before) == problems([before])
    assert not hasattr(asked, "wanted")


def test_the_note_names_both_pythons_where_they_differ() -> None:
    (note,) = explained([1], "obj[0]", Asked([1]), reader=side("3.8.1")).notes

    assert note.message.endswith("there 3.8")


def test_a_probe_that_reads_nothing_of_the_object_leaves_no_note() -> None:
    assert explained([1], "1 + 1", Asked([1])) == problems([DIFFERS])


def test_no_more_parts_are_sent_than_fit_and_the_seed_goes_along() -> None:
    asked = Asked([list(range(30))])

    explained([list(range(30))], " + ".join(f"obj[0][{n}]" for n in range(30)), asked, seed=3)

    assert len(asked.wanted) == 20
    assert asked.seed[0] == 3  # type: ignore[index]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("obj.a['k'][0].b", [["obj", "obj.a", "obj.a['k']", "obj.a['k'][0]", "obj.a['k'][0].b"]]),
        ("obj.go(1)", [["obj"]]),
        ("f(obj)(obj[1], n=obj.n)", [["obj"], ["obj", "obj[1]"], ["obj", "obj.n"]]),
        ("obj[n].x", [["obj"]]),
        ("other.obj", []),
    ],
)
def test_parts_of_an_expression(source: str, parts: list[list[str]]) -> None:
    assert sorted(parts_of_probe(probing(source))) == sorted(parts)


# What it asks for


def test_a_variable_that_is_set_here_only_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_JOBS", "3")
    looked = [("variable", "PROBE_JOBS"), ("variable", "NOT_SET_ANYWHERE"), ("variable", "HOME")]

    found = explained({"f": 1}, "obj['f']", Asked({"f": 1}, looked))

    problem, last = found.problems
    assert (problem.code, problem.path) == ("environment-dependency", "obj['f']")
    assert "PROBE_JOBS" in problem.message
    assert problem.remedies[0].text == 'env={"PROBE_JOBS": "..."}'
    assert last == DIFFERS


def test_a_variable_may_be_behind_a_computed_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_MODE", "fast")
    value = Problem("mismatch", "compare", "lib.MODE is another value there", path="obj")

    found = explained(len, "obj()", Asked(len, [("variable", "PROBE_MODE")]), value, DIFFERS)

    assert [one.code for one in found.problems] == [
        "environment-dependency",
        "mismatch",
        "mismatch",
    ]


def test_a_file_that_is_here_only_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.ini").write_text("[a]")
    monkeypatch.chdir(tmp_path)
    looked = [("absent", "settings.ini"), ("absent", "no-such-file")]

    problem, _ = explained([1], "obj[0]", Asked([1], looked)).problems

    assert "looks for the file settings.ini, which is here and not there" in problem.message
    assert "(the target starts in an empty folder)" in problem.message


def test_an_entry_point_of_a_distribution_that_is_not_there_is_named() -> None:
    asked = Asked([1], [("entry points", "pytest11")])

    missing = explained([1], "obj[0]", asked).problems[:-1]
    there = explained(
        [1],
        "obj[0]",
        asked,
        distributions={one.distribution: "1" for one in missing},
    )

    assert all(one.code == "environment-dependency" for one in missing)
    assert any("the group 'pytest11'" in one.message for one in missing)
    assert there.problems == (DIFFERS,)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("hash", "hashes of text differ"),
        ("folder", "working directory"),
        ("chance", "random numbers"),
    ],
)
def test_what_no_two_processes_share_is_named(kind: str, words: str) -> None:
    problem, _ = explained([1], "obj[0]", Asked([1], [(kind, "f")])).problems

    assert (problem.code, problem.path) == ("environment-dependency", "obj[0]")
    assert words in problem.message


def process(**changes: str) -> dict[str, str]:
    return {**in_facts.process_facts(), **changes}


def test_another_time_zone_is_named_where_it_was_asked_for() -> None:
    told = process(zone="UTC/UTC (UTC+0) of there")

    asked = explained([1], "obj[0]", Asked([1], [("zone", "localtime")], told))
    unasked = explained([1], "obj[0]", Asked([1], [], told))

    assert "local time zone (localtime), which is" in asked.problems[0].message
    assert "and UTC/UTC (UTC+0) of there there" in asked.problems[0].message
    assert unasked.problems == (DIFFERS,)


def test_the_same_zone_and_no_word_of_it_are_no_finding() -> None:
    same = explained([1], "obj[0]", Asked([1], [("zone", "localtime")]))
    forged = explained([1], "obj[0]", Asked([1], [("zone", "localtime")], {}))

    assert same.problems == forged.problems == (DIFFERS,)


def test_another_decimal_context_is_named() -> None:
    told = process(decimal=repr(decimal.getcontext()).replace("prec=28", "prec=5"))
    flagged = process(decimal=repr(decimal.getcontext()).replace("flags=[", "flags=[Inexact"))

    problem, _ = explained([1], "obj[0]", Asked([1], [], told)).problems

    assert "prec=28" in problem.message
    assert "prec=5" in problem.message
    assert explained([1], "obj[0]", Asked([1], [], flagged)).problems == (DIFFERS,)


# Optional imports


def test_an_optional_import_that_succeeds_here_only_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "only_here_for_probes.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    source = (
        "def f():\n    try:\n        import only_here_for_probes as m\n"
        "    except ImportError:\n        return 0\n    return m.VALUE\n"
    )
    function = define(source, "f")

    asked = Asked(function, census=Census(located={"only_here_for_probes": False}))
    problem, _ = explained(function, "obj()", asked, serializer="cloudpickle").problems

    assert problem.module == "only_here_for_probes"
    assert "the import is optional, and succeeds here" in problem.message
