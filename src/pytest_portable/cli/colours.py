"""Whether the command line shows colours, and diagnoses in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pytest_portable.report.colours import ansi

__all__ = ["painted", "shows_colours"]


def shows_colours(variables: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether what is written is to have colours.

    Args:
        variables: of the environment.
        is_terminal: whether somebody looks at a terminal.

    Source:
        no-color.org and force-color.org: a variable that is not empty decides, `NO_COLOR` first.
    """
    if variables.get("NO_COLOR"):
        return False
    return bool(variables.get("FORCE_COLOR")) or (is_terminal and variables.get("TERM") != "dumb")


def painted(text: str) -> str:
    """Return a diagnosis as standard output shows it."""
    shows = shows_colours(os.environ, is_terminal=sys.stdout.isatty())
    return ansi(text) if shows else text
