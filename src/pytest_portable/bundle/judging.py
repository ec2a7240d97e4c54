"""Findings about a bundle become part of its verdict."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable.judgement.findings import Findings
from pytest_portable.verdict import STAGES, Verdict

__all__ = ["with_findings"]


def with_findings(verdict: Verdict, added: Findings) -> Verdict:
    """Return the verdict with more problems and notes, the earliest stage first."""
    together = (*verdict.problems, *added.problems)
    found = sorted(together, key=lambda problem: STAGES.index(problem.stage))
    return replace(
        verdict,
        portable=not found,
        stage=found[0].stage if found else None,
        problems=tuple(found),
        notes=(*verdict.notes, *added.notes),
    )
