from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_portable.engine.prove_remedies import MAX_TRIALS, applied, prove
from pytest_portable.errors import InstallError
from pytest_portable.settings.legs import Leg
from pytest_portable.verdict import Problem, Remedy, Target, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

LEG = Leg(deps=("numpy>=1", "./tree"), python="3.11")


def problem(module: str, *remedies: Remedy) -> Problem:
    return Problem(
        code="missing-distribution",
        stage="load",
        message=f"needs {module}",
        path="obj",
        module=module,
        remedies=remedies,
    )


def verdict(*problems: Problem) -> Verdict:
    there = {"Alpha": "1.5", "beta": "2.0", "numpy": "1.26"}
    return Verdict(
        portable=not problems,
        stage="load" if problems else None,
        problems=problems,
        notes=(),
        object="object",
        serializer="pickle",
        protocol=4,
        payload_bytes=1,
        target=Target("3.12.1", "cpython", "linux", "python", there),
        leg={"label": "py3.12"},
        seconds={},
    )


class World:
    """Attempts that answer by what the leg asks for."""

    def __init__(self, answer: Callable[[Leg], Verdict]) -> None:
        self.answer = answer
        self.legs: list[Leg] = []
        self.told: list[str] = []

    def prove(self, failed: Verdict, leg: Leg = LEG) -> Verdict:
        def attempt(tried: Leg) -> Verdict:
            self.legs.append(tried)
            return self.answer(tried)

        return prove(failed, leg, attempt, self.told.append)


ALPHA = Remedy('deps=[..., "alpha"]', '"alpha"')
BETA = Remedy('deps=[..., "beta"]', '"beta"')
MOVE = Remedy("move it elsewhere")


def missing(leg: Leg) -> Verdict:
    """Answer as where alpha and beta are needed, each found once the other is there."""
    if "alpha" not in (leg.deps or ()):
        return verdict(problem("alpha", ALPHA))
    return verdict() if "beta" in (leg.deps or ()) else verdict(problem("beta", BETA))


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ('"pandas"', "deps", ("numpy>=1", "./tree", "pandas")),
        ('"NumPy==2.0"', "deps", ("./tree", "NumPy==2.0")),
        ('"."', "deps", ("numpy>=1", "./tree", ".")),
        ('python="3.12"', "python", "3.12"),
        ("protocol=4", "protocol", 4),
        ('serializer="dill"', "serializer", "dill"),
        ("install_serializer=True", "install_serializer", True),
        ('by_value=["mod"]', "by_value", ("mod",)),
        ('options={"recurse": True}', "options", {"recurse": True}),
    ],
)
def test_a_change_is_made_on_the_leg(change: str, key: str, value: object) -> None:
    assert getattr(applied(LEG, [Remedy("text", change)]), key) == value


@pytest.mark.parametrize(
    "change", ["", "def __getstate__(self): ...", "timeout=5", "python=3.11.7", '"unclosed']
)
def test_what_is_no_change_of_the_leg_is_left_alone(change: str) -> None:
    assert applied(LEG, [Remedy("text", change)]) == LEG


def test_a_remedy_that_helps_is_proven_and_comes_first() -> None:
    world = World(lambda leg: verdict() if "alpha" in (leg.deps or ()) else missing(leg))

    proven = world.prove(verdict(problem("alpha", MOVE, ALPHA)))

    remedies = proven.problems[0].remedies
    assert [(each.change, each.proven, each.proof) for each in remedies] == [
        ('"alpha"', True, "loads with 1.5"),
        ("", False, ""),
    ]
    assert not proven.portable
    assert world.told == ['trying whether it helps: "alpha"']


def test_what_is_needed_later_is_tried_together_and_shown() -> None:
    world = World(missing)

    proven = world.prove(verdict(problem("alpha", ALPHA)))

    assert [each.text for each in proven.problems[0].remedies] == [
        'deps=[..., "alpha"]',
        'then deps=[..., "beta"]',
    ]
    assert all(each.proven for each in proven.problems[0].remedies)
    assert [leg.deps[2:] for leg in world.legs if leg.deps] == [("alpha",), ("alpha", "beta")]


def test_several_problems_are_solved_in_one_trial() -> None:
    world = World(lambda leg: verdict())  # noqa: ARG005 - everything helps

    proven = world.prove(verdict(problem("alpha", ALPHA), problem("beta", BETA)))

    assert len(world.legs) == 1
    assert [each.remedies[0].proof for each in proven.problems] == [
        "loads with 1.5",
        "loads with 2.0",
    ]


def test_a_remedy_that_does_not_help_is_dropped_for_the_next_one() -> None:
    wrong = Remedy("another Python", 'python="3.10"')

    def answer(leg: Leg) -> Verdict:
        if leg.python == "3.10" or "alpha" not in (leg.deps or ()):
            return verdict(problem("alpha", wrong, ALPHA))
        return verdict()

    proven = World(answer).prove(verdict(problem("alpha", wrong, ALPHA)))

    assert [(each.text, each.proven) for each in proven.problems[0].remedies] == [
        ('deps=[..., "alpha"]', True)
    ]


def test_one_that_only_gets_further_says_so() -> None:
    world = World(
        lambda leg: verdict(problem("nobody" if "alpha" in (leg.deps or ()) else "alpha"))
    )

    proven = world.prove(verdict(problem("alpha", ALPHA)))

    assert proven.problems[0].remedies[0].proof == "gets past this with 1.5"


def test_what_cannot_be_tried_stays_as_it_was() -> None:
    def offline(leg: Leg) -> Verdict:
        raise InstallError(f"no network for {leg.deps}")

    failed = verdict(problem("alpha", ALPHA))
    world = World(offline)

    assert world.prove(failed) == failed
    assert any("cannot be tried" in line for line in world.told)


def test_trials_are_bounded() -> None:
    counter: list[int] = []

    def answer(leg: Leg) -> Verdict:
        del leg
        counter.append(1)
        return verdict(problem(f"m{len(counter)}", Remedy("more", f'"m{len(counter)}"')))

    World(answer).prove(verdict(problem("m0", Remedy("more", '"m0"'))))

    assert len(counter) == MAX_TRIALS


def test_nothing_is_installed_where_the_interpreter_is_as_it_is() -> None:
    world = World(missing)
    failed = verdict(problem("alpha", ALPHA))

    assert world.prove(failed, replace(LEG, deps=None)) == failed
    assert world.legs == []


@pytest.mark.parametrize(
    ("change", "proof"),
    [
        ('python="3.12"', "loads on 3.12.1"),
        ('serializer="alpha"', "loads with alpha 1.5"),
        ("protocol=4", "loads"),
        ('"./tree"', "loads with ./tree"),
    ],
)
def test_a_proof_names_what_it_was_made_with(change: str, proof: str) -> None:
    world = World(lambda leg: verdict())  # noqa: ARG005 - everything helps

    proven = world.prove(verdict(problem("x", Remedy("text", change))))

    assert proven.problems[0].remedies[0].proof == proof
