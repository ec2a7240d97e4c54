"""The diagnosis: one screen, readable without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

__all__ = ["WIDTH", "render", "width_of"]

# pytest puts "E       " before every line of what a statement in a function raised.
MARGIN: Final = 8
WIDTH: Final = 72
NARROWEST: Final = 52
# Lines that are longer are hard to read.
WIDEST: Final = 112
MAX_SHOWN: Final = 10
# One screen: the first few in full, the others a line or two each.
MAX_FULL: Final = 3
MAX_DISTRIBUTIONS: Final = 8
MAX_EVIDENCE_LINES: Final = 6
MAX_TRACEBACK_LINES: Final = 60


def width_of(columns: int) -> int:
    """Return how wide a diagnosis is on a terminal.

    Args:
        columns: of the terminal.
    """
    return min(max(columns - MARGIN, NARROWEST), WIDEST)


def render(verdict: Mapping[str, Any], *, verbosity: int = 0, width: int = WIDTH) -> str:
    """Render a verdict.

    Args:
        verdict: what `Verdict.to_dict()` returns.
        verbosity: 1 adds the target's tracebacks and shows all problems in full, 2 the opcodes
            around the place in the payload.
        width: columns that a line may have.

    Returns:
        Lines of at most that width, except tracebacks and what is meant to be copied.
    """
    return "\n".join(line.rstrip() for line in _lines(verdict, verbosity, width))


def _lines(verdict: Mapping[str, Any], verbosity: int, width: int) -> Iterator[str]:
    leg, problems = verdict["leg"], verdict["problems"]
    if verdict["portable"]:
        yield f"portable to {leg['label']}: {verdict['object']}"
    else:
        yield f"{_short(verdict['object'])} is not portable to {leg['label']}"
        count = f", {len(problems)} problems" if len(problems) > 1 else ""
        yield f"broke at: {verdict['stage']}{count}"
    told: set[str] = set()
    for number, problem in enumerate(problems[:MAX_SHOWN], 1):
        if number <= MAX_FULL or verbosity:
            yield ""
            yield from _finding(f"{number}", problem, told, verbosity, width)
            told |= set(_fixes(problem))
        else:
            is_first = number == MAX_FULL + 1
            yield from _short_finding(f"{number}", problem, width, after_full=is_first)
    hidden = len(problems) - MAX_SHOWN
    if hidden > 0:
        yield f"  ... and {hidden} more {'problem' if hidden == 1 else 'problems'}"
    for note in verdict["notes"][:MAX_SHOWN]:
        yield ""
        yield from _finding("note", note, told, verbosity, width)
        told |= set(_fixes(note))
    yield ""
    yield from _facts(verdict, width)


def _short(name: str) -> str:
    return name.rpartition(".")[2] if len(name) > 40 else name  # noqa: PLR2004 - half a line


def _head(label: str, problem: Mapping[str, Any], width: int) -> Iterator[str]:
    head = f"  {label:<2} {problem['code']:<26}"
    path = problem["path"] or ""
    if len(head) + len(path) > width:
        yield head
        yield f"     at {path}"
    else:
        yield head + path


def _short_finding(
    label: str, problem: Mapping[str, Any], width: int, *, after_full: bool
) -> Iterator[str]:
    if after_full:
        yield ""
    yield from _head(label, problem, width)
    yield "     " + textwrap.shorten(problem["message"], width - 5, placeholder=" ...")


def _finding(
    label: str, problem: Mapping[str, Any], told: AbstractSet[str], verbosity: int, width: int
) -> Iterator[str]:
    yield from _head(label, problem, width)
    yield from _wrap(width, problem["message"], "     ")
    where = "here: " if problem["stage"] == "dump" else "there:"
    evidence = problem["evidence"]
    if evidence.startswith("here: "):  # at a stage of the target's, and seen here all the same
        where, evidence = "here: ", evidence.removeprefix("here: ")
    for line in evidence.splitlines()[:MAX_EVIDENCE_LINES]:
        yield from _wrap(width, line, f"     {where} ", "            ")
    # A remedy of several problems is written once.
    for fix in _fixes(problem):
        if fix not in told:
            yield from _wrap(width, fix, "     fix:   ", "            ")
    if verbosity:
        yield from _details(problem, verbosity)


def _fixes(problem: Mapping[str, Any]) -> list[str]:
    texts = (
        remedy["text"] + (f"   (proven: {remedy['proof']})" if remedy["proven"] else "")
        for remedy in problem["remedies"]
    )
    return list(dict.fromkeys(texts))


def _details(problem: Mapping[str, Any], verbosity: int) -> Iterator[str]:
    lines = problem.get("traceback", "").splitlines()
    if lines:
        yield f"     traceback {'here' if problem['stage'] == 'dump' else 'there'}:"
        if len(lines) > MAX_TRACEBACK_LINES:
            yield f"       ... {len(lines) - MAX_TRACEBACK_LINES} lines before"
        yield from (f"       {line}" for line in lines[-MAX_TRACEBACK_LINES:])
    steps = problem.get("payload", ())
    if steps and verbosity > 1:
        yield "     payload, by offset:"
        yield from (f"       {line}" for line in steps)


def _wrap(width: int, text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _hop(hop: Mapping[str, Any]) -> str:
    what = "opaque" if hop["opaque"] else " ".join(hop["deps"]) or "bare"
    return f"via Python {hop['python']} ({what})"


def _facts(verdict: Mapping[str, Any], width: int) -> Iterator[str]:
    size = verdict["payload_bytes"]
    facts = [verdict["leg"]["label"], verdict["serializer"]]
    if verdict["protocol"] is not None:
        facts.append(f"protocol {verdict['protocol']}")
    if size is not None:
        facts.append(f"{size:,} bytes")
    facts += [_hop(hop) for hop in verdict["leg"].get("via", ())]
    if preloaded := verdict["leg"].get("preload"):
        facts.append(f"preload {', '.join(preloaded)} (hides imports that are missing)")
    yield from _wrap(width, ", ".join(facts), "  leg: ", "       ")
    target = verdict["target"]
    if target:
        held = [f"{name} {version}" for name, version in target["distributions"].items()]
        more = (
            f", and {len(held) - MAX_DISTRIBUTIONS} more" if len(held) > MAX_DISTRIBUTIONS else ""
        )
        shown = ", ".join(held[:MAX_DISTRIBUTIONS]) or "nothing but the standard library"
        python = f"{target['implementation']} {target['python']}: "
        yield from _wrap(width, python + shown + more, "  environment: ", "       ")
    if verdict["reproduce"] and not verdict["portable"]:
        yield f"  by hand: {verdict['reproduce']}"
