"""Ini keys about how environments are made: link mode, limits and ages."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from pytest_portable.errors import near

__all__ = ["parse_duration", "read_store_options"]

LINK_MODES: Final = ("clone", "copy", "hardlink", "symlink")
DURATION_EXAMPLES: Final = "'90' (seconds), '90 s', '15 min', '24 h', '7 d'"
_DURATION: Final = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>[a-z]*)", re.IGNORECASE)
_SECONDS: Final = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}


def parse_duration(text: str) -> float | None:
    """Read a duration.

    Args:
        text: a number with an optional unit.

    Returns:
        Seconds, not negative; `None` where the text is no duration.
    """
    found = _DURATION.fullmatch(text.strip())
    unit = None if found is None else _SECONDS.get(found["unit"].lower())
    if found is None or unit is None:
        return None
    seconds = float(found["number"]) * unit
    return seconds if math.isfinite(seconds) else None


def read_store_options(
    texts: Mapping[str, str], wrong: Callable[[str, str], None]
) -> dict[str, object]:
    """Read the keys that were given.

    Args:
        texts: ini key -> text.
        wrong: called with a key and what is wrong with it.

    Returns:
        Values, named as in `environment.StoreSettings`.
    """
    found: dict[str, object] = {}
    if (mode := texts.get("portable_link_mode")) is not None:
        found["link_mode"] = mode
        if mode not in LINK_MODES:
            valid = ", ".join(LINK_MODES)
            message = f"unknown mode {mode!r}{near(mode, LINK_MODES)} (valid: {valid})"
            wrong("portable_link_mode", message)
    names = {
        "portable_install_timeout": "install_timeout_seconds",
        "portable_cache_ttl": "ttl_seconds",
    }
    for key in names.keys() & texts.keys():
        seconds = parse_duration(texts[key])
        if seconds is None:
            wrong(key, f"{texts[key]!r} is no duration; valid: {DURATION_EXAMPLES}")
        elif not seconds and key == "portable_install_timeout":
            wrong(key, f"{texts[key]!r} leaves no time to install anything")
        found[names[key]] = seconds
    return found
