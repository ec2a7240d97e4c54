"""Imports that code makes when it runs, and that nothing has made yet."""

from __future__ import annotations

import sys
from dataclasses import replace

from pytest_portable.diagnosis import explain_later
from pytest_portable.environment.layout import site_folders
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.findings import NOTHING, Findings, notes
from pytest_portable.judgement.installed_copies import find_module
from pytest_portable.payload.prescan import may_import
from pytest_portable.serializers.out_of_band import searchable

__all__ = ["note_imports"]


def note_imports(context: Context, sent: Sent, evidence: Evidences, found: Findings) -> Findings:
    """Note what code in the payloads imports when it runs and the target does not have.

    Loading does not find that, and a probe only where it comes along there. A module that stands
    in a problem already is no note.

    Args:
        context: of the check.
        sent: what travelled.
        evidence: asks the target for modules that cannot be seen to be there.
        found: what was found before.
    """
    known = {(problem.module or "").partition(".")[0] for problem in found.problems}
    later = NOTHING
    for name, data in sent.payloads:
        if not any(map(may_import, context.serializer.pickles(searchable(data)))):
            continue
        if not _lacking(context, sent, name) - known:
            continue
        later += notes(
            replace(note, message=f"{note.message}; this check did not come to it")
            for note in with_paths(explain_later(evidence(name)))
            if (note.module or "").partition(".")[0] not in known
        )
    return later


def _lacking(context: Context, sent: Sent, name: str) -> set[str]:
    """Return the top-level modules that cannot be seen to be there; no process is started."""
    imports = {module for code in sent.inspection(name).code for module in code.imports}
    tops = {module.partition(".")[0] for module in imports} - sys.stdlib_module_names
    if context.shipping.sources is not None:
        tops -= set(context.shipping.sources.names)
    if context.environment is None or context.leg.deps is None:
        return tops
    folders = site_folders(context.environment.path)
    return {top for top in tops if find_module(top, folders) is None}
