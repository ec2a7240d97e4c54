"""A finished check as observers see it, and what is kept of all checks on one leg."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_portable.judgement.context import Context, Sent
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Verdict

__all__ = ["Checked", "Log", "Observer"]


@dataclass(frozen=True)
class Checked:
    """One finished check, as observers see it.

    Attributes:
        context: what was checked.
        sent: all that travelled; empty where the dump failed.
        asked: the probes that were evaluated there.
        names: values that they saw.
        is_foreign: made elsewhere, and never to be loaded here.
    """

    verdict: Verdict
    context: Context
    sent: Sent
    asked: tuple[Probe, ...] = ()
    names: Mapping[str, object] = field(default_factory=dict)
    is_foreign: bool = False


Observer: TypeAlias = "Callable[[Checked], Mapping[str, object]]"


@dataclass
class Log:
    """What was found on one leg so far.

    Attributes:
        verdicts: in order.
        details: what observers said, by the number of the verdict.
    """

    verdicts: list[Verdict] = field(default_factory=list)
    details: dict[int, dict[str, object]] = field(default_factory=dict)

    def add(self, verdict: Verdict, details: Mapping[str, object]) -> None:
        """Keep a verdict, and what observers said of it."""
        self.details[len(self.verdicts)] = dict(details)
        self.verdicts.append(verdict)

    def change(self, verdict: Verdict, changed: Verdict) -> None:
        """Keep a verdict as it is after more was found."""
        self.verdicts[:] = [changed if kept is verdict else kept for kept in self.verdicts]
