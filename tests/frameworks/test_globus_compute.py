from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces

if TYPE_CHECKING:
    from pathlib import Path

MISUSE = ("test_misspelled", "test_strategy_of_the_other_kind", "test_unknown_option")


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("globus-compute")


def test_what_users_of_globus_compute_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("globus_compute", tmp_path)

    assert (run.failed, run.skipped) == (MISUSE, ()), run.output
    assert len(run.passed) >= 17


def test_a_wrong_option_is_an_error_that_says_what_is_valid(host: Host, tmp_path: Path) -> None:
    run = host.run("globus_compute", tmp_path, "-k", " or ".join(MISUSE))

    assert run.passed == ()
    assert "did you mean 'AllCodeStrategies'?" in run.output
    assert "JSONData is a data serialization strategy, expected a code strategy" in run.output
    assert "globus-compute takes no 'strategy'" in run.output


def test_importing_the_sdk_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "globus-compute") == []
