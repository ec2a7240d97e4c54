"""What judges return: problems and notes, joined in the order in which they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pytest_portable.verdict import Problem

__all__ = ["NOTHING", "Back", "Findings", "notes", "problems"]

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Findings:
    """Findings of one judge, or of several: `+` joins them in order.

    Attributes:
        problems: what fails the check, the root cause first.
        notes: what does not.
    """

    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        """Return these findings and then the others."""
        return Findings(self.problems + other.problems, self.notes + other.notes)

    def map(self, change: Callable[[Problem], Problem]) -> Findings:
        """Return the same findings, each changed."""
        return Findings(tuple(map(change, self.problems)), tuple(map(change, self.notes)))


NOTHING = Findings()


@dataclass(frozen=True)
class Back(Generic[Thing]):
    """What came back, loaded here: its value, or `None` and the findings that say why not."""

    value: Thing | None
    findings: Findings = NOTHING


def problems(found: Iterable[Problem]) -> Findings:
    """Return findings that fail the check."""
    return Findings(problems=tuple(found))


def notes(found: Iterable[Problem]) -> Findings:
    """Return findings that do not."""
    return Findings(notes=tuple(found))
