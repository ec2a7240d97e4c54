"""Objects that are sent while what comes back is damaged; each is found and told in another way."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

__all__ = ["OBJECTS", "UNSOUND", "divide"]


class Lossy:
    """Loses an attribute on the way."""

    def __init__(self) -> None:
        self.kept, self.lost = [1, 2], "x"

    def __getstate__(self) -> dict[str, object]:
        return {"kept": self.kept}


class Broken:
    """Does not load."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("x",)


class Other:
    """Loads as something else."""

    def __reduce__(self) -> tuple[object, ...]:
        return list, ((1, 2),)


def divide(number: int) -> float:
    return 1 / number


OBJECTS: Final = ({"a": [1, 2.5, "x"], "b": OrderedDict(c=(1, None))}, divide, Path("a"), 1 << 80)
UNSOUND: Final = (Lossy(), [Broken()], {"other": Other()})
