from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.documents import blocks
from support.frameworks import ROOT, make_host

if TYPE_CHECKING:
    from pathlib import Path

GARDEN_3 = ["modal==1.0.5", "groundhog-hpc==0.9.3", "inflection==0.5.1"]


@pytest.mark.parametrize(
    ("page", "name", "requirements", "count"),
    [
        ("parsl", "parsl", ["parsl==2026.10.26"], 2),
        ("globus-compute", "globus-compute", ["globus-compute-sdk==4.19.0"], 3),
        ("covalent", "covalent", ["covalent==0.240.0", "pandas==2.3.3"], 3),
        ("orquestra", "orquestra", ["orquestra-sdk==1.1.0"], 1),
        ("modal", "garden-3", GARDEN_3, 2),
        ("groundhog", "garden-3", GARDEN_3, 4),
        ("ray-dask-spark-torch", "dask", ["distributed==2026.8.0", "numpy"], 1),
    ],
)
def test_the_example_of_a_page_passes(
    tmp_path: Path, page: str, name: str, requirements: list[str], count: int
) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text("utf-8")
    folder = tmp_path / "page"
    folder.mkdir()
    for block in blocks(text):
        if block.language == "python":
            name_of_file = block.rest if block.word == "file" else "test_example.py"
            with (folder / name_of_file).open("a") as file:
                file.write(block.text)

    run = make_host(name, requirements).run(str(folder), tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) == count
