from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.frameworks import ROOT, make_host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("page", "name", "requirements", "count"),
    [
        ("parsl", "parsl", ["parsl==2026.10.26"], 2),
        ("globus-compute", "globus-compute", ["globus-compute-sdk==4.19.0"], 3),
        ("covalent", "covalent", ["covalent==0.240.0"], 2),
        ("orquestra", "orquestra", ["orquestra-sdk==1.1.0"], 1),
        ("ray-dask-spark-torch", "dask", ["distributed==2026.8.0", "numpy"], 1),
    ],
)
def test_the_example_of_a_page_passes(
    tmp_path: Path, page: str, name: str, requirements: list[str], count: int
) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "test_example.py"
    file.write_text(example)

    run = make_host(name, requirements).run(str(file), tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) == count
