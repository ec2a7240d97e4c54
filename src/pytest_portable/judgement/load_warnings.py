"""Warnings of the load: notes, or problems where the mark says so; some say more than they seem."""

from __future__ import annotations

import re
from typing import Final

from pytest_portable.agent.records import Caught, Failed, Loaded
from pytest_portable.errors import PayloadError
from pytest_portable.judgement.context import Context, Sent
from pytest_portable.judgement.evidence_of_check import with_paths
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.verdict import Problem, Remedy

__all__ = ["judge_warnings"]

_OTHER_SCIKIT_LEARN: Final = re.compile(
    r"Trying to unpickle estimator (\S+) from version (\S+) when using version (\S+?)\.?\s"
)
"""Source: scikit-learn, `sklearn/exceptions.py` and, before 1.3, `sklearn/base.py`."""


def judge_warnings(context: Context, sent: Sent, record: Loaded | Failed) -> Findings:
    """Return what the warnings of one payload's load say, each of them once."""
    if context.leg.warnings == "ignore":
        return NOTHING
    distinct: dict[tuple[str, str], Caught] = {}
    for warning in record.warnings:
        distinct.setdefault((warning.category, warning.message), warning)
    found = with_paths(_problem(warning, record.name, sent) for warning in distinct.values())
    return problems(found) if context.leg.warnings == "error" else notes(found)


def _problem(warning: Caught, root: str, sent: Sent) -> Problem:
    said = f"{warning.category}: {warning.message}"
    skew = _OTHER_SCIKIT_LEARN.match(warning.message)
    if skew is None:
        return Problem("load-warning", "load", said, path=root, module=warning.module)
    estimator, here, there = skew.groups()
    return Problem(
        code="version-skew",
        stage="load",
        path=_path(sent, root, estimator),
        module="sklearn",
        distribution="scikit-learn",
        message=f"{estimator} was made by scikit-learn {here} and is loaded by {there}: "
        "it may break, or answer something else",
        evidence=said,
        remedies=(Remedy(f'deps=[..., "scikit-learn=={here}"]', f'"scikit-learn=={here}"'),),
    )


def _path(sent: Sent, root: str, estimator: str) -> str:
    """Return the first path to an instance of an estimator."""
    if sent.data(root) is None:
        return root
    try:
        references = sent.inspection(root).references
    except PayloadError:
        return root
    for reference in references:
        if reference.qualname == estimator and reference.paths:
            return re.sub(r"^type\((.*)\)$", r"\1", reference.paths[0])
    return root
