"""Values of pytest's native TOML tables, `[tool.pytest]` and `pytest.toml`: they have types.

Options are registered as texts, since pytest 8 has no numbers; pytest 9 then refuses `true` and
`30` in a native table. What it refuses is read here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["native_values"]


def native_values(path: Path, keys: Iterable[str]) -> dict[str, object]:
    """Return values as the table gives them: texts, numbers, booleans, lists of them.

    Args:
        path: the file that pytest took its configuration from.
        keys: of the table; it has them.

    Source:
        https://docs.pytest.org/en/stable/reference/customize.html
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    table = document["tool"] if path.name == "pyproject.toml" else document
    return {key: table["pytest"][key] for key in keys}
