"""Values of pytest's native TOML tables, `[tool.pytest]` and `pytest.toml`: they have types.

Options are registered as texts, since pytest 8 has no numbers; pytest 9 then refuses `true` and
`30` in a native table. What it refuses is read here.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["native_value"]


def native_value(path: Path, key: str) -> object:
    """Return a value as the table gives it: a text, a number, a boolean, a list of them.

    Args:
        path: the file that pytest took its configuration from.
        key: one that the table has.

    Source:
        https://docs.pytest.org/en/stable/reference/customize.html
    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    table = document["tool"] if path.name == "pyproject.toml" else document
    value: object = table["pytest"][key]
    return value
