"""Warnings of the load: notes, or problems where the mark says so; some say more than they seem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.errors import PayloadError
from pytest_portable.judgement.argument_paths import with_argument_path
from pytest_portable.verdict import Problem, Remedy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_portable.agent import Message
    from pytest_portable.judgement.check import Check

__all__ = ["all_warnings", "judge_warnings"]

_OTHER_SCIKIT_LEARN: Final = re.compile(
    r"Trying to unpickle estimator (\S+) from version (\S+) when using version (\S+?)\.?\s"
)
"""Source: scikit-learn, `sklearn/exceptions.py` and, before 1.3, `sklearn/base.py`."""


def all_warnings(check: Check) -> Iterator[dict[str, object]]:
    """Yield every warning that the target recorded, each with the stage that raised it."""
    assert check.transcript is not None
    for record in check.transcript.records:
        for warning in record.header.get("warnings", ()):
            placed = check.standing.in_warning(warning)
            yield {**placed, "stage": "load" if _is_of_load(record) else "call"}


def judge_warnings(check: Check, record: Message, payloads: Mapping[str, bytes]) -> None:
    """Turn the warnings of a load into notes or problems; those of a call are only kept."""
    if check.leg.warnings == "ignore" or not _is_of_load(record):
        return
    name = record.header.get("loaded", record.header.get("name"))
    found = check.problems if check.leg.warnings == "error" else check.notes
    seen: set[tuple[str, str]] = set()
    for warning in record.header.get("warnings", ()):
        what = warning["category"], warning["message"]
        if what not in seen:
            found.append(with_argument_path(_problem(check, warning, name, payloads.get(name))))
        seen.add(what)


def _is_of_load(record: Message) -> bool:
    return "loaded" in record.header or record.header.get("failed") == "loading"


def _problem(check: Check, warning: Mapping[str, Any], root: str, data: bytes | None) -> Problem:
    skew = _OTHER_SCIKIT_LEARN.match(warning["message"])
    if skew is None:
        return Problem(
            code="load-warning",
            stage="load",
            path=root,
            module=warning["module"],
            message=f"{warning['category']}: {warning['message']}",
        )
    estimator, here, there = skew.groups()
    return Problem(
        code="version-skew",
        stage="load",
        path=root if data is None else _path(check, data, root, estimator),
        module="sklearn",
        distribution="scikit-learn",
        message=f"{estimator} was made by scikit-learn {here} and is loaded by {there}: "
        "it may break, or answer something else",
        evidence=f"{warning['category']}: {warning['message']}",
        remedies=(Remedy(f'deps=[..., "scikit-learn=={here}"]', f'"scikit-learn=={here}"'),),
    )


def _path(check: Check, data: bytes, root: str, estimator: str) -> str:
    """Return the first path to an instance of an estimator."""
    try:
        references = check.inspection(data, root).references
    except PayloadError:
        return root
    for reference in references:
        if reference.qualname == estimator and reference.paths:
            return re.sub(r"^type\((.*)\)$", r"\1", reference.paths[0])
    return root
