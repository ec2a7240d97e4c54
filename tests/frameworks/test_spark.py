from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("spark")


def test_what_users_of_spark_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("spark", tmp_path)

    assert (run.failed, run.skipped) == (("test_unknown_option",), ()), run.output
    assert "spark takes no " in run.output
    assert len(run.passed) >= 12


def test_importing_spark_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "spark") == []
