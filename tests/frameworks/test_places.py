from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import make_host

if TYPE_CHECKING:
    from pathlib import Path

# Serializer -> the environment that has it.
HOSTS = {
    "covalent": "covalent",
    "dask": "dask",
    "dill-session": "parsl",
    "globus-compute": "globus-compute",
    "groundhog": "garden-3",
    "modal": "garden-3",
    "orquestra": "orquestra",
    "parsl": "parsl",
    "ray": "ray",
    "spark": "spark",
}


@pytest.mark.parametrize("name", HOSTS)
def test_what_breaks_is_placed_whatever_sends_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERIALIZER", name)

    run = make_host(HOSTS[name]).run("places", tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) == 4
