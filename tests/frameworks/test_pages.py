from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.documents import blocks
from support.frameworks import ROOT, make_host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("page", "name", "count"),
    [
        ("parsl", "parsl", 2),
        ("globus-compute", "globus-compute", 3),
        ("covalent", "covalent", 3),
        ("orquestra", "orquestra", 1),
        ("modal", "garden-3", 2),
        ("groundhog", "garden-3", 4),
        ("ray-dask-spark-torch", "dask", 1),
    ],
)
def test_the_example_of_a_page_passes(tmp_path: Path, page: str, name: str, count: int) -> None:
    text = (ROOT / "docs" / "how-to" / f"{page}.md").read_text("utf-8")
    folder = tmp_path / "page"
    folder.mkdir()
    for block in blocks(text):
        if block.language == "python":
            name_of_file = block.rest if block.word == "file" else "test_example.py"
            with (folder / name_of_file).open("a") as file:
                file.write(block.text)

    run = make_host(name).run(str(folder), tmp_path)

    assert (run.failed, run.skipped) == ((), ()), run.output
    assert len(run.passed) == count
