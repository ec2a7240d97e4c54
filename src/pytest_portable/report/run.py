"""One run's verdicts as data: every report is made from it, and workers send it to pytest.

Everything here is plain data, so that it travels as JSON between processes and into files.
"""

from __future__ import annotations

import platform
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

__all__ = ["SCHEMA", "Run", "column_of", "is_failed", "natural", "row_of"]

SCHEMA: Final = 1


@dataclass
class Run:
    """What one run of pytest found.

    Attributes:
        settings: the effective settings, as the header shows them.
        checks: verdicts as `Verdict.to_dict()` returns them, each with `location` (file and line,
            from 1) and, where a report shows objects, `inspection`.
        setup_failures: `test`, `leg` and `message` of tests whose set-up failed.
        environments: `leg`, `executable`, and the `seconds` that the preparation took.
    """

    settings: str = ""
    started: float = field(default_factory=time.time)
    checks: list[dict[str, Any]] = field(default_factory=list)
    setup_failures: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, record: Mapping[str, Any]) -> None:
        """Add the record of one test: `checks`, `setup_failure`, `environment`, all optional."""
        self.checks += record.get("checks", ())
        if failure := record.get("setup_failure"):
            self.setup_failures.append(failure)
        if environment := record.get("environment"):
            self.environments.setdefault(environment["executable"], environment)

    def in_order(self) -> list[dict[str, Any]]:
        """Return the checks in the order of the tests; workers finish in any order."""
        return sorted(self.checks, key=_place)

    def columns(self) -> list[str]:
        """Return the legs, numbers compared as numbers: 3.9 comes before 3.10."""
        names = {column_of(check) for check in self.checks}
        return sorted(names, key=natural)

    def failed(self) -> list[dict[str, Any]]:
        """Return the checks that are not portable, in order, but for those of expected failures."""
        return [check for check in self.in_order() if is_failed(check)]

    def findings(self) -> list[list[dict[str, Any]]]:
        """Return the checks that are not portable, those of one test and one cause together.

        The cause is the first problem, by code and path; legs differ in its evidence only.
        """
        found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for check in self.failed():
            problem = check["problems"][0]
            key = (row_of(check), problem["code"], str(problem["path"]))
            found.setdefault(key, []).append(check)
        return list(found.values())

    def refusals(self) -> list[list[dict[str, Any]]]:
        """Return the failures of set-up, those of one message together."""
        found: dict[str, list[dict[str, Any]]] = {}
        for failure in self.setup_failures:
            found.setdefault(failure["message"], []).append(failure)
        return list(found.values())

    def summary(self) -> dict[str, Any]:
        """Count what was found; `by_code` counts the root causes."""
        failed = self.failed()
        codes = Counter(check["problems"][0]["code"] for check in failed if check["problems"])
        return {
            "checks": len(self.checks),
            "portable": sum(check["portable"] for check in self.checks),
            "not_portable": len(failed),
            "expected": sum(not check["portable"] for check in self.checks) - len(failed),
            "setup_failures": len(self.setup_failures),
            "notes": sum(len(check["notes"]) for check in self.checks),
            "by_code": dict(codes.most_common()),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data; `report/schema.json` describes it."""
        return {
            "schema": SCHEMA,
            "tool": {"name": "pytest-portable", "version": version("pytest-portable")},
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "seconds": round(time.time() - self.started, 3),
            "host": {
                "python": platform.python_version(),
                "implementation": platform.python_implementation().lower(),
                "platform": platform.platform(),
            },
            "settings": self.settings,
            "summary": self.summary(),
            "checks": self.in_order(),
            "setup_failures": self.setup_failures,
            "environments": list(self.environments.values()),
        }


def is_failed(check: Mapping[str, Any]) -> bool:
    """Return whether a check fails the run: its test is not one that is expected to fail."""
    return not (check["portable"] or check.get("expected"))


def _place(check: Mapping[str, Any]) -> tuple[object, ...]:
    return (*(check.get("location") or ("", 0)), check["test"])


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names as numbers."""
    return [_part(word) for word in re.split(r"(\d+)", name)]


def _part(word: str) -> tuple[int, str]:
    return (int(word), "") if word.isdigit() else (-1, word)


def row_of(check: Mapping[str, Any]) -> str:
    """Return the node id of a check's test, without the part that names the leg."""
    test, leg = str(check["test"]), str(check["leg"].get("id") or "")
    if leg:
        for written, left in ((f"[{leg}]", ""), (f"[{leg}-", "["), (f"-{leg}]", "]")):
            if written in test:
                return test.replace(written, left)
        test = test.replace(f"-{leg}-", "-")
    return test or str(check["object"])


def column_of(check: Mapping[str, Any]) -> str:
    """Return the leg of a check as a matrix heads its column: `py3.12, dill`."""
    leg = check["leg"]
    words = [leg.get("label") or leg.get("python") or "", check.get("serializer") or ""]
    if leg.get("deps_id"):
        words.append(leg["deps_id"])
    return ", ".join(word for word in words if word)
