"""Notes that fail a check, where a run wants them to: `--portable-notes`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from pytest_portable.verdict import STAGES, Verdict

__all__ = ["with_strict_notes"]


def with_strict_notes(verdict: Verdict, codes: AbstractSet[str]) -> Verdict:
    """Return a verdict whose notes of some codes are problems; they stand behind the others.

    Args:
        verdict: as it was reached.
        codes: of the notes that fail; `error` stands for all.
    """
    failing = [note for note in verdict.notes if "error" in codes or note.code in codes]
    if not failing:
        return verdict
    found = sorted((*verdict.problems, *failing), key=lambda one: STAGES.index(one.stage))
    return replace(
        verdict,
        portable=False,
        stage=found[0].stage,
        problems=tuple(found),
        notes=tuple(note for note in verdict.notes if note not in failing),
    )
