"""Which items are ours, and the leg of each.

Part of every start of pytest, because it is asked about every item; `mark_plan` reads the marks
and loads with the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable.errors import OptionError
from pytest_portable.plugin.keys import ADDED, CHOICE, EXTENSIONS, SETTINGS

if TYPE_CHECKING:
    from pytest_portable.settings.legs import Choice, Leg

__all__ = ["add_mark", "choices_of", "find_leg", "is_marked", "is_ours", "leg_of"]


def add_mark(item: pytest.Item) -> None:
    """Mark an item that uses the fixture and that no mark of the user's reaches."""
    uses = "portable" in getattr(item, "fixturenames", ())
    if uses and item.get_closest_marker("portable") is None:
        item.add_marker(ADDED)


def is_marked(node: pytest.Item | pytest.Collector) -> bool:
    """Return whether the node itself has a mark of the user's; classes are nodes of their own."""
    return any(mark.name == "portable" and mark is not ADDED.mark for mark in node.own_markers)


def is_ours(item: pytest.Item) -> bool:
    """Return whether the item has the mark or asks for the fixture."""
    return is_marked(item) or "portable" in getattr(item, "fixturenames", ())


def choices_of(metafunc: pytest.Metafunc) -> list[Choice]:
    """Return the legs to parametrise over; none where there is one leg, or a mistake to report."""
    definition = metafunc.definition
    if "portable" not in metafunc.fixturenames and not is_marked(definition):
        return []
    settings = definition.config.stash[SETTINGS]
    if not (
        any(definition.iter_markers("portable"))
        or settings.pythons
        or settings.serializers
        or settings.default_pythons
        or settings.default_serializers
    ):
        return []
    from pytest_portable.plugin.mark_plan import plan_of

    plan, mistakes = plan_of(definition)
    return [] if mistakes else plan.choices()


def find_leg(item: pytest.Item) -> Leg:
    """Return the leg of an item.

    Raises:
        OptionError: with every mistake of its marks.
    """
    from pytest_portable.plugin.mark_plan import plan_of

    plan, mistakes = plan_of(item)
    callspec = getattr(item, "callspec", None)
    choice: Choice | None = None if callspec is None else callspec.params.get(CHOICE)
    if not (mistakes := mistakes or plan.find_mistakes(choice)):
        leg = plan.leg(choice, item.nodeid)
        registry = item.config.stash[EXTENSIONS].registry
        if not (mistakes := plan.find_serializer_mistakes(leg, registry)):
            return leg
    raise OptionError(mistakes)


def leg_of(item: pytest.Item) -> Leg:
    """Return the leg of an item, or end its set-up with every mistake of its marks."""
    __tracebackhide__ = True
    try:
        return find_leg(item)
    except OptionError as error:
        mistakes = error.mistakes
    lines = "\n".join(f"  {line}" for line in mistakes)
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    pytest.fail(f"{item.nodeid}: {count} in the mark portable\n{lines}", pytrace=False)
