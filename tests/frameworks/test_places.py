from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.frameworks import make_host

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = {
    "covalent": ("covalent", ["covalent==0.240.0", "pandas==2.3.3"]),
    "dask": ("dask", ["distributed==2026.8.0", "numpy"]),
    "dill-session": ("parsl", ["parsl==2026.10.26"]),
    "globus-compute": ("globus-compute", ["globus-compute-sdk==4.19.0"]),
    "groundhog": (
        "garden-3",
        ["modal==1.0.5", "groundhog-hpc==0.9.3", "inflection==0.5.1"],
    ),
    "modal": ("garden-3", ["modal==1.0.5", "groundhog-hpc==0.9.3", "inflection==0.5.1"]),
    "orquestra": ("orquestra", ["orquestra-sdk==1.1.0"]),
    "parsl": ("parsl", ["parsl==2026.10.26"]),
    "ray": ("ray", ["ray==2.60.0"]),
    "spark": ("spark", ["pyspark==4.3.0"]),
}


@pytest.mark.parametrize("name", HOSTS)
def test_what_breaks_is_placed_whatever_sends_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERIALIZER", name)

    run = make_host(*HOSTS[name]).run("places", tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) == 4
