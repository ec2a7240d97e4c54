from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    return make_host("garden")


def test_what_gardens_users_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("garden", tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) >= 18
