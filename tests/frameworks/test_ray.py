from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("ray")


def test_what_users_of_ray_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("ray", tmp_path)

    assert (run.failed, run.skipped) == (("test_unknown_option",), ()), run.output
    assert "ray takes no " in run.output
    assert len(run.passed) >= 18


def test_importing_ray_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "ray") == []
