from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_portable.payload.stdlib import stdlib_of

VERSIONS = Path("~/.pyenv/versions").expanduser()


@pytest.mark.parametrize(
    ("name", "first", "gone"),
    [
        ("json", (3, 8), None),
        ("zoneinfo", (3, 9), None),
        ("tomllib", (3, 11), None),
        ("distutils", (3, 8), (3, 12)),
        ("telnetlib", (3, 8), (3, 13)),
        ("binhex", (3, 8), (3, 11)),
    ],
)
def test_a_module_is_there_from_one_python_to_another(
    name: str, first: tuple[int, int], gone: tuple[int, int] | None
) -> None:
    for minor in range(8, 15):
        version = (3, minor)
        expected = version >= first and (gone is None or version < gone)
        assert (name in stdlib_of(version)) is expected


@pytest.mark.parametrize("minor", [10, 11, 12, 13])
def test_every_public_name_agrees_with_the_python_itself(minor: int) -> None:
    found = sorted(VERSIONS.glob(f"3.{minor}.*/bin/python"))
    if not found:
        pytest.skip(f"no CPython 3.{minor}")
    command = [str(found[-1]), "-c", "import sys; print(*sys.stdlib_module_names)"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    public = {name for name in names if not name.startswith("_")}
    assert public - {"idlelib", "turtledemo"} <= stdlib_of((3, minor))
    ours = {name for name in stdlib_of((3, minor)) if not name.startswith("_")}
    assert ours <= public


def test_the_running_python_is_as_it_says() -> None:
    assert stdlib_of(sys.version_info[:2]) >= sys.stdlib_module_names - {"idlelib"}
