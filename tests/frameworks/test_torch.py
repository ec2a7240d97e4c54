from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.frameworks import Host, make_host
from support.quiet import find_traces


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("torch")


def test_what_users_of_torch_meet(host: Host, tmp_path: Path) -> None:
    # Targets by pip too, so that they hold the same build.
    run = host.run("torch", tmp_path, "--portable-installer=pip", "-k", "not other_python")

    assert (run.failed, run.skipped) == (("test_misspelled",), ()), run.output
    assert len(run.passed) >= 5


def test_tensors_and_models_are_compared(host: Host, tmp_path: Path) -> None:
    file = Path(__file__).parents[1] / "unit" / "equivalence" / "test_tensors.py"

    run = host.run(str(file), tmp_path, "--portable-installer=pip")

    assert (run.failed, len(run.skipped)) == ((), 1), run.output
    assert len(run.passed) >= 80


@pytest.mark.skipif(
    "PORTABLE_TEST_BIG" not in os.environ,
    reason="torch for another Python may be its build with CUDA, 2.7 GB; set PORTABLE_TEST_BIG=1",
)
def test_tensors_go_to_another_python(host: Host, tmp_path: Path) -> None:
    run = host.run("torch", tmp_path, "--portable-installer=pip", "-k", "other_python")

    assert (run.failed, run.skipped, len(run.passed)) == ((), (), 1), run.output


def test_importing_torch_changes_nothing_for_others(host: Host, tmp_path: Path) -> None:
    assert find_traces(host, tmp_path, "torch") == []
