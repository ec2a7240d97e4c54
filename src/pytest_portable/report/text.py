"""The diagnosis: one screen of at most 76 columns, readable without colour."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["render"]

# pytest puts "E   " before every line of an 80-column terminal.
WIDTH: Final = 76
MAX_SHOWN: Final = 10
MAX_DISTRIBUTIONS: Final = 8


def render(verdict: Mapping[str, Any]) -> str:
    """Render a verdict.

    Args:
        verdict: what `Verdict.to_dict()` returns.

    Returns:
        Lines of at most `WIDTH` columns, but for what must be pasted whole.
    """
    return "\n".join(line.rstrip() for line in _lines(verdict))


def _lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    leg = verdict["leg"]
    if verdict["portable"]:
        yield f"portable to {leg['label']}: {verdict['object']}"
    else:
        yield f"{_short(verdict['object'])} is not portable to {leg['label']}"
        yield f"broke at: {verdict['stage']}"
    for number, problem in enumerate(verdict["problems"][:MAX_SHOWN], 1):
        yield ""
        yield from _finding(f"{number}", problem)
    hidden = len(verdict["problems"]) - MAX_SHOWN
    if hidden > 0:
        yield f"  ... and {hidden} more problems"
    for note in verdict["notes"][:MAX_SHOWN]:
        yield ""
        yield from _finding("note", note)
    yield ""
    yield from _facts(verdict)


def _short(name: str) -> str:
    return name.rpartition(".")[2] if len(name) > 40 else name  # noqa: PLR2004 - half a line


def _finding(label: str, problem: Mapping[str, Any]) -> Iterator[str]:
    head = f"  {label:<2} {problem['code']:<26}"
    path = problem["path"] or ""
    if len(head) + len(path) > WIDTH:
        yield head
        yield f"     at {path}"
    else:
        yield head + path
    yield from _wrap(problem["message"], "     ")
    for line in problem["evidence"].splitlines()[:6]:
        where = "here: " if problem["stage"] == "dump" else "there:"
        yield from _wrap(line, f"     {where} ", "            ")
    for remedy in problem["remedies"]:
        proof = f"   (proven: {remedy['proof']})" if remedy["proven"] else ""
        yield from _wrap(remedy["text"] + proof, "     fix:   ", "            ")


def _wrap(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _facts(verdict: Mapping[str, Any]) -> Iterator[str]:
    size = verdict["payload_bytes"]
    facts = [verdict["leg"]["label"], verdict["serializer"]]
    if verdict["protocol"] is not None:
        facts.append(f"protocol {verdict['protocol']}")
    if size is not None:
        facts.append(f"{size:,} bytes")
    yield from _wrap(", ".join(facts), "  leg: ", "       ")
    target = verdict["target"]
    if target:
        held = [f"{name} {version}" for name, version in target["distributions"].items()]
        more = (
            f", and {len(held) - MAX_DISTRIBUTIONS} more" if len(held) > MAX_DISTRIBUTIONS else ""
        )
        shown = ", ".join(held[:MAX_DISTRIBUTIONS]) or "nothing but the standard library"
        python = f"{target['implementation']} {target['python']}: "
        yield from _wrap(python + shown + more, "  environment: ", "       ")
    if verdict["reproduce"] and not verdict["portable"]:
        yield f"  by hand: {verdict['reproduce']}"
