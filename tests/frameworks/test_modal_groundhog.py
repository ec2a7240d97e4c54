from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("garden-3")


def test_what_users_of_modal_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("modal", tmp_path)

    assert (run.failed, run.skipped) == (("test_unknown_option",), ()), run.output
    assert "modal takes no 'protocol'" in run.output
    assert len(run.passed) >= 20


def test_what_users_of_groundhog_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("groundhog", tmp_path)

    assert (run.failed, run.skipped) == (("test_unknown_option",), ()), run.output
    assert "groundhog takes no 'use_proxy'" in run.output
    assert len(run.passed) >= 22


@pytest.mark.parametrize("name", ["modal", "groundhog"])
def test_importing_them_changes_nothing_for_others(host: Host, tmp_path: Path, name: str) -> None:
    assert find_traces(host, tmp_path, name) == []
