"""Who can read whom: the checks of bundles and of producers, by producing and consuming side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_portable.report.run import natural

__all__ = ["pairs_table"]


def pairs_table(checks: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Return a table with its head: a row for every producer, a column for every consumer.

    A cell has the number of checks, or the number of failures and their commonest cause.
    Checks of what the running process itself dumped are left out.
    """
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for check in checks:
        if made_by := check["leg"].get("producer"):
            found[made_by, _consumer(check)].append(check)
    producers = sorted({one for one, _ in found}, key=natural)
    consumers = sorted({two for _, two in found}, key=natural)
    if not found:
        return []
    head = ["made by", *consumers]
    return [head, *([one, *(_cell(found[one, two]) for two in consumers)] for one in producers)]


def _consumer(check: Mapping[str, Any]) -> str:
    if consumer := check["leg"].get("consumer"):
        return str(consumer)
    target = check["target"] or {}
    return f"{check['leg'].get('label', '')} {target.get('platform', '')}".strip()


def _cell(checks: list[Mapping[str, Any]]) -> str:
    broken = [check for check in checks if not check["portable"]]
    if not checks:
        return "-"
    if not broken:
        return f"{len(checks)} ok"
    code, _ = Counter(check["problems"][0]["code"] for check in broken).most_common(1)[0]
    return f"{len(broken)} of {len(checks)}: {code}"
