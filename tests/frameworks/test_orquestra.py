from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path

UNSOLVABLE = "test_the_platforms_sdk_cannot_be_installed_there"


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("orquestra")


def test_what_users_of_orquestra_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("orquestra", tmp_path, "-p", "pytester")

    assert (run.failed, run.skipped) == ((UNSOLVABLE,), ()), run.output
    assert "set-up failure" in run.output
    assert "ray[default]==2.30.0" in run.output
    assert len(run.passed) >= 24


def test_importing_the_sdk_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "orquestra") == []
