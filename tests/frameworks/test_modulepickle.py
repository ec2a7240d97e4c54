"""What modulepickle does, where it still runs, and what stands for it today."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_portable.payload.containers import open_container
from pytest_portable.payload.envelopes import inspect_streams
from support.frameworks import make_environment

if TYPE_CHECKING:
    from pathlib import Path

SUBMIT = """
import sys
import cloudpickle
import modulepickle

modulepickle.extend_cloudpickle()
import lab
import lab.core

def use(values):
    return [lab.double(value) for value in values], lab.core.VERSION

def later():
    import lab.core
    return lab.core.VERSION

with open(sys.argv[1], "wb") as file:
    cloudpickle.dump({"use": use, "later": later}, file)
"""
CORE = "VERSION = {}\n\ndef double(value):\n    return 2 * value\n"
# One worker that gets payloads one after the other.
WORK = """
import json, pickle, sys
said = []
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as file:
            found = pickle.load(file)
        said.append(found["use"]([1, 2]))
    except Exception as error:
        said.append("%s: %s" % (type(error).__name__, error))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def old_python() -> Path:
    """The last Python and cloudpickle that it runs with."""
    return make_environment("modulepickle", ["modulepickle==0.3", "cloudpickle==1.2.2"], "3.7")


def run(python: Path, folder: Path, source: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-c", source, *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def submit(python: Path, folder: Path, version: int) -> Path:
    """Write the package, dump with it, and give the payload."""
    package = folder / f"v{version}" / "lab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from lab.core import double\n")
    (package / "core.py").write_text(CORE.format(version))
    payload = folder / f"v{version}.pkl"
    done = run(python, package.parent, SUBMIT, str(payload))
    assert done.returncode == 0, done.stderr
    return payload


def test_the_package_of_a_global_travels(old_python: Path, tmp_path: Path) -> None:
    """d1."""
    payload = submit(old_python, tmp_path, 1)

    done = run(old_python, tmp_path, WORK, str(payload))

    assert json.loads(done.stdout) == [[[2, 4], 1]], done.stderr
    container = open_container(payload.read_bytes())
    found = inspect_streams(container.streams, container.file_bytes)
    places = {package.name: package.path for package in found.packages}
    assert places["lab"] == "obj['use'].__globals__['lab']"
    assert [code.imports for code in found.code if code.name == "later"] == [("lab.core",)]


@pytest.mark.parametrize(
    ("python", "cloudpickle", "said"),
    [
        pytest.param("3.7", "1.3.0", "module 'types' has no attribute 'ClassType'", id="1.3"),
        pytest.param("3.11", "3.1.2", "module 'types' has no attribute 'ClassType'", id="today"),
        pytest.param("3.8", "1.2.2", "save_module() missing", id="3.8"),
    ],
)
def test_where_it_does_not_run(tmp_path: Path, python: str, cloudpickle: str, said: str) -> None:
    """d2: broken on the submit side."""
    requirements = ["modulepickle==0.3", f"cloudpickle=={cloudpickle}"]
    environment = make_environment("modulepickle", requirements, python)

    with pytest.raises(AssertionError) as caught:
        submit(environment, tmp_path, 1)

    assert said in str(caught.value)


def test_a_second_version_ends_in_an_error(old_python: Path, tmp_path: Path) -> None:
    """d3: what the release on PyPI does; `ship` keeps versions apart."""
    payloads = [str(submit(old_python, tmp_path, version)) for version in (1, 2)]

    done = run(old_python, tmp_path, WORK, *payloads)

    first, second = json.loads(done.stdout)
    assert first == [[2, 4], 1]
    assert second == "RuntimeError: dictionary changed size during iteration"
