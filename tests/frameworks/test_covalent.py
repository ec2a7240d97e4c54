from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("covalent")


def test_what_users_of_covalent_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("covalent", tmp_path)

    assert (run.failed, run.skipped) == (("test_misspelled",), ()), run.output
    assert "form: 'jsonn' is unknown; did you mean 'json'?" in run.output
    assert len(run.passed) >= 22


@pytest.mark.parametrize("name", ["covalent", "covalent-server"])
def test_importing_covalent_changes_nothing_for_others(
    host: Host, tmp_path: Path, name: str
) -> None:
    assert find_traces(host, tmp_path, name) == []
