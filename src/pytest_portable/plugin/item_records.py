"""What one test leaves: a record in its report, properties for JUnit, sections pytest shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_portable.errors import PortabilityError
from pytest_portable.plugin.keys import RECORD, TOLD

if TYPE_CHECKING:
    import pytest

    from pytest_portable.engine.observe import Checked
    from pytest_portable.portable import Portable

__all__ = ["add_to_report", "inspect_checked"]

_PROPERTIES = ("portable", "stage", "object", "serializer", "payload_bytes")
_LONG = frozenset({"traceback", "payload"})


def inspect_checked(done: Checked) -> Mapping[str, object]:
    """Read the payload of a finished check, for reports that show the object."""
    if done.sent.data("obj") is None:
        return {}
    return {"inspection": done.sent.inspection("obj").to_dict()}


def _record_of(
    found: Portable,
    since: int,
    location: tuple[str, int | None, str],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Return what one test leaves, as plain data.

    Args:
        found: what the fixture returned.
        since: number of the first verdict that was not told before.
        location: of the item: file from the rootdir, line from 0, name.
        seconds: how long the preparation of each environment took, by executable.
    """
    where = [location[0], (location[1] or 0) + 1]
    checks = [
        {**verdict.to_dict(), "location": where, **found.details.get(number, {})}
        for number, verdict in enumerate(found.verdicts)
        if number >= since
    ]
    if not checks:
        return {}
    executable = found.target.executable
    environment = {
        "leg": checks[0]["leg"]["label"],  # type: ignore[index]  # to_dict's leg
        "executable": executable,
        "deps": checks[0]["leg"]["deps"],  # type: ignore[index]  # the same
        "seconds": round(seconds.get(executable, 0.0), 3),
    }
    return {"checks": checks, "environment": environment}


def _properties_of(record: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return what a JUnit file keeps of a test: one property a check, in JSON.

    The file has the target's output and the tracebacks already.
    """
    found: list[tuple[str, object]] = []
    for check in record.get("checks", ()):
        told = {key: check[key] for key in _PROPERTIES}
        for kind in ("problems", "notes"):
            told[kind] = [
                {key: value for key, value in problem.items() if key not in _LONG}
                for problem in check[kind]
            ]
        found.append(("portable", json.dumps({"leg": check["leg"]["label"], **told})))
    return found


def add_to_report(
    report: pytest.TestReport,
    found: Portable,
    item: pytest.Item,
    raised: BaseException | None,
    seconds: Mapping[str, float],
) -> None:
    """Add the record, what the targets printed, and verdicts that the failure does not show.

    Each verdict is told once: with the set-up, the call or the tear-down that made it.

    Args:
        report: of one phase of the test; changed in place.
        found: what the fixture returned, or what verified a bundle.
        item: the test.
        raised: what the test raised, if it did.
        seconds: how long the preparation of each environment took, by executable.
    """
    since, item.stash[TOLD] = item.stash.get(TOLD, 0), len(found.verdicts)
    if not (record := _record_of(found, since, item.location, seconds)):
        return
    setattr(report, RECORD, record)
    # JUnit takes the properties of the last report of an item, so the item needs them too.
    item.user_properties += _properties_of(record)
    report.user_properties += _properties_of(record)
    verdicts = found.verdicts[since:]
    for verdict in verdicts:
        for stream in ("stdout", "stderr"):
            if text := getattr(verdict, stream):
                report.sections.append((f"portable {stream}", text))
    if report.failed and not isinstance(raised, PortabilityError):
        report.sections += [
            ("portable verdict", str(verdict)) for verdict in verdicts if not verdict.portable
        ]
