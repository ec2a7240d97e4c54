from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("parsl")


def test_what_parsls_users_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("parsl", tmp_path, "-k", "not of_312")

    assert (run.failed, run.skipped) == (("test_unknown_option",), ()), run.output
    assert "parsl takes no 'recursive'; did you mean 'recurse'?" in run.output
    assert len(run.passed) >= 30


def test_code_of_python_312_is_lost_on_313(tmp_path: Path) -> None:
    host = make_host("parsl", python="3.12")

    run = host.run("parsl", tmp_path, "-k", "of_312")

    assert (run.failed, run.skipped, len(run.passed)) == ((), (), 1), run.output


def test_importing_parsl_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "parsl") == []
