from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable.judgement.findings import NOTHING, Findings, problems
from pytest_portable.judgement.returned import judge_probe, judge_return
from pytest_portable.judgement.version_skew import blame_versions
from pytest_portable.verdict import Problem
from support.judging import context, evidences, probing, returned, sent, transcript, value

if TYPE_CHECKING:
    from pytest_portable.agent import Transcript
    from pytest_portable.judgement.context import Context
    from pytest_portable.settings.probes import Probe

HERE = version("pytest")
OTHER = {"pytest": "1.0"}
SAME_HERE = transcript(value("same"), returned("same"))


def blamed(
    known: Context,
    *payloads: tuple[str, object],
    here: Transcript | None = SAME_HERE,
    probe: Probe | None = None,
    is_as_here: bool = True,
    found: Findings = NOTHING,
) -> tuple[Findings, list[Probe | None]]:
    """Return what is found, and what was run in the host's own environment for it."""
    ran: list[Probe | None] = []

    def run_here(asked: Probe | None) -> Transcript | None:
        ran.append(asked)
        return here

    evidence = evidences(known, sent(known, *payloads), here=run_here)
    blame = blame_versions(
        known,
        evidence,
        place="obj[0]",
        probe=probe,
        is_as_here=lambda _: is_as_here,
        found=found,
    )
    return blame, ran


def test_a_difference_that_this_environment_does_not_show_comes_from_the_other_version() -> None:
    blame, ran = blamed(context([pytest.Item], distributions=OTHER))

    (problem,) = blame.problems
    assert (problem.code, problem.stage, problem.path) == (
        "version-skew",
        "compare",
        "obj[0]",
    )
    assert problem.distribution == "pytest"
    assert f"is of pytest 1.0 there, of pytest {HERE} here" in problem.message
    assert f"pytest=={HERE}" in problem.remedies[0].text
    assert ran == [None]


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        pytest.param({"is_as_here": False}, 1, id="shows-it-here-too"),
        pytest.param({"here": transcript()}, 1, id="no-answer-here"),
        pytest.param({"here": None}, 1, id="nobody-to-ask"),
        pytest.param(
            {"found": problems([Problem("version-skew", "load", "known")])}, 0, id="known-before"
        ),
    ],
)
def test_what_is_not_shown_is_not_said(keys: dict[str, Any], asked: int) -> None:
    blame, ran = blamed(context([pytest.Item], distributions=OTHER), **keys)

    assert blame == NOTHING
    assert len(ran) == asked


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(context([pytest.Item], distributions={"pytest": HERE}), id="the-same-version"),
        pytest.param(context([pytest.Item]), id="not-there"),
        pytest.param(context([1], distributions=OTHER), id="nothing-of-it-in-the-payload"),
        pytest.param(
            context([pytest.Item], distributions=OTHER, is_routed=True), id="through-a-hop"
        ),
    ],
)
def test_nothing_is_run_here_without_a_suspect(known: Context) -> None:
    assert blamed(known) == (NOTHING, [])


def test_values_beside_the_object_are_suspects_too() -> None:
    known = context([1], distributions=OTHER)

    blame, _ = blamed(known, ("obj", [1]), ("arguments", ((pytest.Item,), {})))

    assert [problem.path for problem in blame.problems] == ["args[0]"]


def test_the_answer_of_a_probe_is_looked_for_by_its_label() -> None:
    known = context([pytest.Item], distributions=OTHER)
    probe = probing("obj", "probe[1]")

    assert blamed(known, probe=probe) == (NOTHING, [probe])
    assert blamed(known, probe=probe, here=transcript(value(1, "probe[1]")))[0].problems


@pytest.mark.parametrize(
    ("came_back_here", "codes"), [(1, ["version-skew", "mismatch"]), (2, ["mismatch"])]
)
def test_a_version_comes_before_what_differs(came_back_here: int, codes: list[str]) -> None:
    obj = [pytest.Item, 1]
    known = context(obj, distributions=OTHER)
    run = transcript(returned([pytest.Item, 2]), value(2))
    here = transcript(returned([pytest.Item, came_back_here]), value(came_back_here))
    evidence = evidences(known, run=run, here=lambda _: here)

    back = judge_return(known, run, evidence, None, NOTHING)
    answer = judge_probe(known, run, evidence, probing("obj[1]"), {}, NOTHING)

    assert [problem.code for problem in back.problems] == codes
    assert [problem.code for problem in answer.problems] == codes


def test_an_answer_here_that_cannot_be_compared_is_not_what_was_expected() -> None:
    obj = [pytest.Item, 1]
    known = context(obj, distributions=OTHER)
    run = transcript(returned([pytest.Item, 2]))
    here = transcript(returned(obj, blob=b"cnowhere\nX\n."))

    found = judge_return(known, run, evidences(known, run=run, here=lambda _: here), None, NOTHING)

    assert [problem.code for problem in found.problems] == ["mismatch"]
