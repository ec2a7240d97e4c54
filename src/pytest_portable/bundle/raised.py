"""Probes of bundles and of producers that raised: what both sides drew of them, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.judgement.probes_without_answer import nothing_raised, raised_alike
from pytest_portable.settings.probes import Probe
from pytest_portable.verdict import Problem

__all__ = ["judge_raised"]


def judge_raised(probe: Mapping[str, Any], then: Sequence[Any], now: Sequence[Any]) -> Findings:
    """Judge whether a probe raised as it was wanted to; what it returned is compared elsewhere.

    Args:
        probe: what a bundle says of it; empty where the nodes are those of the object itself.
        then: the node that one side drew of its result.
        now: the node that the other side drew.

    Returns:
        What is to be said; nothing where one side alone raised, or both something else: that is a
        difference which every comparison finds.
    """
    if not probe or (then[1] == "raised") != (now[1] == "raised"):
        return NOTHING
    is_known = "raises" in probe
    wanted = tuple(probe.get("raises", ()))
    words = Probe(probe["mode"], probe["source"], probe["name"], probe["label"])
    if now[1] != "raised":
        return problems([nothing_raised(words, wanted)]) if wanted else NOTHING
    if then[0] != now[0]:
        return NOTHING
    if set(wanted).isdisjoint(then[3] if len(then) > 3 else then[:1]):  # noqa: PLR2004 - bases
        kind = _short(now[0])
        alike = raised_alike(words, kind, f"{kind}: {now[2]}", wanted)
        # An older release let nobody ask for it: it compares what is there, and says so.
        return problems([alike]) if is_known else notes([replace(alike, remedies=())])
    if then[0].startswith("builtins.") or then[2] == now[2]:
        return NOTHING
    differs = Problem(
        code="mismatch",
        stage="compare",
        path=words.label,
        message=f"{_short(now[0])} was raised on both sides, with another text",
        evidence=f"{then[2]} then, {now[2]} now",
    )
    return problems([differs])


def _short(name: str) -> str:
    return name.removeprefix("builtins.")
