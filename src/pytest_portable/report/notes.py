"""The notes of a run, put together: what was found and failed nothing."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_portable.report.run import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_portable.report.run import Run

__all__ = ["NoteGroup", "group_notes", "note_count", "note_lines"]

MAX_GROUPS: Final = 20
MAX_PLACES: Final = 3


@dataclass(frozen=True)
class NoteGroup:
    """One note, and every check that has it.

    Attributes:
        note: as `Problem.to_dict()` returns it, the first of its kind.
        checks: that have it, as `Verdict.to_dict()` returns them; one that has it twice is there
            twice.
        paths: of each, where in its object.
    """

    note: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]
    paths: Sequence[str]

    @property
    def head(self) -> str:
        """Its code, and how often it was found."""
        count = len(self.checks)
        return f"{self.note['code']}, {'once' if count == 1 else f'{count} times'}"

    def places(self) -> list[str]:
        """Return where it was found, each place once: test, leg, path."""
        found = (
            ", ".join(filter(None, (_test(check), column_of(check), path)))
            for check, path in zip(self.checks, self.paths, strict=True)
        )
        return list(dict.fromkeys(found))


def _test(check: Mapping[str, Any]) -> str:
    return str(check["test"] or check["object"])


def group_notes(run: Run) -> list[NoteGroup]:
    """Return the notes of a run, equal ones together, the most frequent first."""
    found: dict[tuple[str, str], list[tuple[Mapping[str, Any], Mapping[str, Any]]]]
    found = defaultdict(list)
    for check in run.in_order():
        for note in check["notes"]:
            found[note["code"], note["message"]].append((note, check))
    groups = [
        NoteGroup(
            each[0][0], [check for _, check in each], [note["path"] or "" for note, _ in each]
        )
        for each in found.values()
    ]
    return sorted(groups, key=lambda group: -len(group.checks))


def note_count(run: Run) -> str:
    """Return one line that counts the notes of a run by their codes; empty where there are none."""
    codes = Counter(note["code"] for check in run.checks for note in check["notes"])
    if not codes:
        return ""
    total = codes.total()
    told = ", ".join(f"{code} {count}" for code, count in codes.most_common())
    return f"portable: {total} note{'s' if total > 1 else ''} ({told})"


def note_lines(groups: Sequence[NoteGroup], width: int = 80) -> Iterator[str]:
    """Yield the lines of the section at the end of a run.

    Args:
        groups: of the run.
        width: columns of the terminal.
    """
    for group in groups[:MAX_GROUPS]:
        yield group.head
        yield from _wrap(group.note["message"], width)
        for remedy in group.note["remedies"][:1]:
            yield from _wrap(f"fix: {remedy['text']}", width)
        places = group.places()
        yield from (f"  {place}" for place in places[:MAX_PLACES])
        if len(places) > MAX_PLACES:
            yield f"  ... and {len(places) - MAX_PLACES} more"
    if len(groups) > MAX_GROUPS:
        yield f"... and {len(groups) - MAX_GROUPS} more kinds of notes"


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
