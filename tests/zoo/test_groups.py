"""Objects of many libraries, as their users make them: what we say of each is what is true.

A group is `suites/test_GROUP.py`, which lists its objects with the truth beside them, and
`constraints/zoo/GROUP.in`, which lists what its environment holds.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

from support.frameworks import make_group

SUITES: Final = Path(__file__).parent / "suites"
GROUPS: Final = {file.stem.removeprefix("test_"): file for file in sorted(SUITES.glob("test_*.py"))}


@pytest.mark.parametrize("group", GROUPS)
def test_a_plain_script_finds_the_truth_that_is_written_down(group: str, tmp_path: Path) -> None:
    host = make_group(group)

    printed = host.script(GROUPS[group], tmp_path)

    assert printed.endswith("as written down\n"), printed


@pytest.mark.parametrize("group", GROUPS)
def test_verdicts_say_what_is_true(group: str, tmp_path: Path) -> None:
    host = make_group(group)

    run = host.run(str(SUITES), tmp_path, GROUPS[group].name)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert run.passed


def test_the_zoo_is_large() -> None:
    rows = [
        call
        for file in GROUPS.values()
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Row"
    ]
    libraries = {ast.literal_eval(row.args[0]) for row in rows}

    assert len(rows) >= 460
    assert len(libraries) >= 77
