"""Portraits of both sides, held against each other: what nobody brings back is compared so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pytest_portable.agent import Transcript
from pytest_portable.agent.in_target.portrait import draw
from pytest_portable.agent.records import Portrait, Returned
from pytest_portable.diagnosis import explain_difference
from pytest_portable.equivalence import Tolerance
from pytest_portable.equivalence.portrait_nodes import read_portrait
from pytest_portable.equivalence.portraits import (
    Comparison,
    PortraitDifference,
    Uncompared,
    hold_against,
    show_node,
    unmet,
)
from pytest_portable.interrupts import pass_on
from pytest_portable.judgement.context import Context
from pytest_portable.judgement.evidence_of_check import Evidences, with_paths
from pytest_portable.judgement.findings import NOTHING, Findings, notes, problems
from pytest_portable.judgement.load_answer import load_answer
from pytest_portable.judgement.noise import equals_original
from pytest_portable.judgement.raised_portraits import judge_raised
from pytest_portable.judgement.version_skew import suspects_of
from pytest_portable.verdict import Problem

__all__ = [
    "OBJECT",
    "Drawings",
    "Portraits",
    "Telling",
    "judge_described",
    "judge_portraits",
    "judge_unmatched",
    "judge_unmet",
    "not_compared",
    "read_portraits",
]

OBJECT: Final = "object"
_MAX_TOLD: Final = 5

Portraits: TypeAlias = "Mapping[str, Any]"
"""Nodes by what they are of: `object`, or the label of a probe."""


@dataclass(frozen=True)
class Telling:
    """How two sides are told from each other.

    Attributes:
        maker: who drew the first, for messages.
        then: where that was: `then`, `here`.
        now: where the second was drawn.
        then_versions: distributions of the first side; empty where they are not known.
        now_versions: of the second.
        is_note: whether a difference is told without failing.
        is_old: whether an older release drew the first.
    """

    maker: str
    then: str = "then"
    now: str = "now"
    then_versions: Mapping[str, str] | None = None
    now_versions: Mapping[str, str] | None = None
    is_note: Callable[[PortraitDifference], bool] = lambda _: False
    is_old: bool = False


@dataclass(frozen=True)
class Drawings:
    """What one process drew.

    Attributes:
        portraits: nodes by what they are of.
        types: module and qualified name of what each is of.
        seconds: that it took.
        malformed: what is wrong with one that no agent of ours draws.
    """

    portraits: Portraits
    types: Mapping[str, tuple[str, str]]
    seconds: float
    malformed: str = ""

    @property
    def object_type(self) -> str:
        """Class of the object as verdicts name it; empty where it was not loaded."""
        return ".".join(self.types.get(OBJECT, ())).removeprefix("builtins.")


def read_portraits(transcript: Transcript) -> Drawings:
    """Return what a process drew, validated: a stranger wrote it."""
    found: dict[str, Any] = {}
    types: dict[str, tuple[str, str]] = {}
    seconds = 0.0
    for record in transcript.all(Portrait):
        try:
            found[record.name] = read_portrait(record.blob)
        except ValueError as error:
            return Drawings({}, types, seconds, malformed=str(error))
        types[record.name] = record.type
        seconds += record.seconds
    return Drawings(found, types, seconds)


def judge_portraits(
    context: Context,
    then: Portraits,
    now: Portraits,
    telling: Telling,
    *,
    probes: Sequence[Mapping[str, Any]] = (),
) -> Findings:
    """Return every difference of two sets of drawings, and one note for what was not compared.

    Args:
        context: of the check; its leg has the tolerances.
        then: what the producing side drew.
        now: what the consuming side drew.
        telling: how the sides are named.
        probes: what a bundle says of each; without the key `raises`, where an older release wrote
            it.
    """
    found, uncompared = NOTHING, list[Uncompared]()
    known = {probe["label"]: probe for probe in probes}
    for key, nodes in then.items():
        root = "obj" if key == OBJECT else key
        if key not in now:
            message = f"{telling.maker} could read it, and it was not read {telling.now}"
            found += Findings((Problem("not-compared", "compare", message, path=root),))
            continue
        raised = judge_raised(known.get(key, {}), nodes[0], now[key][0])
        found += raised
        if raised.problems:
            continue
        compared = _hold(context, nodes, now[key], root, telling)
        uncompared += compared.uncompared
        found += _told(compared.differences, root, telling)
    missing = [key for key in now if key not in then and key != OBJECT]
    told = "there is no result of the producing side"
    uncompared += [Uncompared(key, told) for key in missing]
    return found + notes(not_compared(uncompared))


def _told(differences: Iterable[PortraitDifference], root: str, telling: Telling) -> Findings:
    found = NOTHING
    for item in differences:
        problem = _difference(item, root, telling)
        is_note = telling.is_note(item) or item.is_minor
        found += notes([problem]) if is_note else problems([problem])
    return found


def _hold(
    context: Context,
    then: Sequence[Sequence[Any]],
    now: Sequence[Sequence[Any]],
    root: str,
    telling: Telling,
) -> Comparison:
    leg = context.leg
    tolerance = Tolerance(leg.rtol, leg.atol, leg.signed_zero)
    return hold_against(then, now, root=root, tolerance=tolerance, is_old=telling.is_old)


def _difference(item: PortraitDifference, root: str, telling: Telling) -> Problem:
    reason = item.reason
    if telling.now != "now":
        reason = re.sub(r"\bnow\b", telling.now, reason)
    message = f"differs from what {telling.maker} dumped"
    if not (root == "obj" or root.startswith(("args", "kwargs"))):
        message = "the probe gives something else"
    apart = _versions_apart(item, telling)
    versions = "; ".join(
        f"{name} {then} {telling.then}, {now} {telling.now}" for name, then, now in apart
    )
    shown = f"{item.then} {telling.then}, {item.now} {telling.now}"
    return Problem(
        code="not-compared" if item.is_unread else "mismatch",
        stage="compare",
        path=item.path,
        distribution=apart[0][0] if len(apart) == 1 else None,
        message=": ".join([message, reason] if reason else [message]),
        evidence=f"{shown}; {versions}" if versions else shown,
    )


def _versions_apart(item: PortraitDifference, telling: Telling) -> list[tuple[str, str, str]]:
    """Return the distributions of other versions that are called as the class's package."""
    from packaging.utils import canonicalize_name

    then, now = telling.then_versions or {}, telling.now_versions or {}
    there = {canonicalize_name(name): version for name, version in now.items()}
    found = [
        (name, version, there[canonicalize_name(name)])
        for name, version in then.items()
        if there.get(canonicalize_name(name), version) != version
    ]
    package = canonicalize_name(item.kind.partition(".")[0])
    return [one for one in found if canonicalize_name(one[0]) == package]


def not_compared(found: Sequence[Uncompared]) -> list[Problem]:
    """Return the one note of what was not compared; none where all was."""
    if not found:
        return []
    reasons = Counter(one.reason for one in found)
    first = found[0].reason
    message = f"not compared: {first}"
    if len(found) > 1:
        message = f"{len(found):,} parts were not compared: " + "; ".join(
            f"{count:,} x {reason}" for reason, count in reasons.most_common(_MAX_TOLD)
        )
    paths = list(dict.fromkeys(one.path for one in found))
    more = f" and {len(paths) - _MAX_TOLD:,} more" if len(paths) > _MAX_TOLD else ""
    evidence = ", ".join(paths[:_MAX_TOLD]) + more if len(paths) > 1 else ""
    return [Problem("not-compared", "compare", message, path=found[0].path, evidence=evidence)]


def judge_described(
    context: Context, here: Portraits, there: Drawings, evidence: Evidences
) -> Findings:
    """Compare the original with what the target has drawn of it, where nothing comes back.

    Args:
        context: of the check.
        here: what was drawn of the original, before it was dumped.
        there: what the target drew.
        evidence: of the check; it can draw the object in a fresh process of the host's Python.

    Returns:
        What differs, after the version that it comes from, if it comes from one.
    """
    if OBJECT not in there.portraits:
        return NOTHING
    telling = Telling("this process", "here", "there")
    compared = _hold(context, here[OBJECT], there.portraits[OBJECT], "obj", telling)
    uncompared = notes(not_compared(compared.uncompared))
    if not compared.differences:
        return uncompared
    control = (evidence.draw_here((), {}) or {}).get(OBJECT)
    own: dict[str, PortraitDifference] = {}
    unlike = set[str]()
    if control is not None:
        of_control = _hold(context, here[OBJECT], control, "obj", telling)
        own = {item.path: item for item in of_control.differences}
        against = _hold(context, control, there.portraits[OBJECT], "obj", telling)
        unlike = {item.path for item in against.differences}
    again = _hold(context, here[OBJECT], draw(context.obj), "obj", telling)
    changing = {item.path for item in again.differences if item.now != "nothing"}
    noise = [
        one
        for one in compared.differences
        if (_is_noise(one, own.get(one.path)) and one.path in unlike)
        or (one.path in changing and one.now != "nothing")
    ]
    left = [one for one in compared.differences if one not in noise]
    of_values = {one.path for one in left if one.is_value} - unlike if control else set()
    if of_values and _comes_back_equal(context, evidence):
        left = [one for one in left if not (one.is_value and one.path in of_values)]
    found = _told(left, "obj", telling)
    places = [str(one.path) for one in found.problems if control and one.path not in own]
    return _blame(context, evidence, places) + found + notes(_varying(noise)) + uncompared


def _is_noise(item: PortraitDifference, own: PortraitDifference | None) -> bool:
    """Return whether a value is another one in a fresh process too."""
    return item.is_value and own is not None and own.is_value


def _comes_back_equal(context: Context, evidence: Evidences) -> bool:
    """Return whether the object comes back equal from a fresh process of this Python.

    Bytes that a reducer makes (of a pickle, of a set) may be others and say the same. Where such a
    process holds an equal object, and draws a part as the target does, that part is equal there.
    """
    transcript = evidence.run_here(None)
    record = transcript.first(Returned) if transcript is not None else None
    if record is None:
        return False
    try:
        with context.shipping.loading():
            copy = load_answer(context, record)
    except BaseException as error:  # noqa: BLE001 - a class may raise anything: then it says nothing
        pass_on(error)
        return False
    return equals_original(context, copy)


def _varying(noise: Sequence[PortraitDifference]) -> list[Problem]:
    if not noise:
        return []
    message = (
        "another value in every process of any environment, or each time that the object is read: "
        "it says nothing of this environment"
    )
    places = ", ".join(one.path for one in noise[:_MAX_TOLD])
    return [Problem("not-compared", "compare", message, path=noise[0].path, evidence=places)]


def _blame(context: Context, evidence: Evidences, places: Sequence[str]) -> Findings:
    """Return the version that differences come from: this environment shows none of them."""
    if context.is_routed or not places:
        return NOTHING
    suspects = suspects_of(evidence)
    if not suspects:
        return NOTHING
    return problems(with_paths([explain_difference(suspects, places[0])]))


def judge_unmet(today: Portraits, kept: Portraits, found: Findings) -> Findings:
    """Return the public attributes that today's object has and a kept one cannot give.

    Args:
        today: what was drawn of today's object.
        kept: what today's code has loaded of the kept one.
        found: what was found before; a path in it is not told twice.
    """
    if OBJECT not in today or OBJECT not in kept:
        return NOTHING
    known = {one.path for one in found.problems}
    return problems(
        Problem("mismatch", "compare", item.reason, path=item.path)
        for item in unmet(today[OBJECT], kept[OBJECT])
        if item.path not in known
    )


def judge_unmatched(there: Drawings) -> Findings:
    """Return the note of a payload without an original: it loaded, and that is all that is known.

    Args:
        there: what the target drew.
    """
    nodes = there.portraits.get(OBJECT)
    if nodes is None:
        return NOTHING
    message = "it loaded, and nothing could be compared: a file has no original beside it"
    note = Problem(
        "not-compared",
        "compare",
        message,
        path="obj",
        evidence=f"loaded: {', '.join(_first_parts(nodes))}",
    )
    return notes([note])


def _first_parts(nodes: Sequence[Sequence[Any]]) -> list[str]:
    """Say what was loaded: its size, and its first attributes or members."""
    root = nodes[0]
    pairs: list[tuple[str, int]] = []
    if root[1] == "list":
        pairs = [(f"obj[{number}]", part) for number, part in enumerate(root[2])]
    elif root[1] == "map":
        pairs = [(f"obj[{show_node(nodes[key])}]", part) for key, part in root[2] if key >= 0]
    elif root[1] == "object":
        pairs = [(f"obj.{name}" if name else "its state", part) for name, part in root[4]]
    told = [f"{path} = {show_node(nodes[part])}" for path, part in pairs[:_MAX_TOLD] if part >= 0]
    more = [f"and {len(pairs) - _MAX_TOLD} more"] if len(pairs) > _MAX_TOLD else []
    return [show_node(root), *told, *more]
