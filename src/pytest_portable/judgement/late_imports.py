"""Imports that code makes when it runs, and that nothing has made yet."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_portable.judgement.evidence_of_check import evidence_for, with_paths
from pytest_portable.judgement.installed_copies import find_module
from pytest_portable.payload.out_of_band import searchable
from pytest_portable.payload.prescan import may_import

if TYPE_CHECKING:
    from pytest_portable.judgement.check import Check

__all__ = ["note_imports"]


def note_imports(check: Check) -> None:
    """Note what code in the payloads imports when it runs and the target does not have.

    Loading does not find that, and a probe only where it comes along there. A module that stands
    in a problem already is no note.

    Args:
        check: a check that is judged.
    """
    known = {(problem.module or "").partition(".")[0] for problem in check.problems}
    for name, data in check.payloads:
        if not any(map(may_import, check.serializer.pickles(searchable(data)))):
            continue
        if not _lacking(check, name, data) - known:
            continue
        from pytest_portable.diagnosis import explain_later  # noqa: PLC0415 - on demand

        notes = with_paths(explain_later(evidence_for(check, name)))
        check.notes += [
            replace(note, message=f"{note.message}; this check did not come to it")
            for note in notes
            if (note.module or "").partition(".")[0] not in known
        ]


def _lacking(check: Check, name: str, data: bytes) -> set[str]:
    """Return the top-level modules that cannot be seen to be there; no process is started."""
    imports = {module for code in check.inspection(data, name).code for module in code.imports}
    tops = {module.partition(".")[0] for module in imports} - sys.stdlib_module_names
    if check.shipping.sources is not None:
        tops -= set(check.shipping.sources.names)
    if check.environment is None or check.leg.deps is None:
        return tops
    from pytest_portable.environment.layout import site_folders  # noqa: PLC0415 - on demand

    folders = site_folders(check.environment.path)
    return {top for top in tops if find_module(top, folders) is None}
