from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import Host, make_host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def host() -> Host:
    # The last release whose `redef_in_main` was in use; it brings dill 0.3.5.1. By pip first,
    # because its own pin of packaging is older than what pytest-portable asks for.
    return make_host("garden", [], python="3.10", by_pip=["garden-ai==2.3.2"])


def test_what_gardens_users_meet(host: Host, tmp_path: Path) -> None:
    run = host.run("garden", tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) >= 18
