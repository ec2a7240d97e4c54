from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PYTHONS = Path("~/.pyenv/versions").expanduser()

MODEL = """
class Model:
    def __init__(self, weight):
        self.weight = weight
    def predict(self, x):
        return self.weight * x
"""
TESTS = """
import pytest
from model import Model

@pytest.mark.portable(deps=["./lib"])
def test_model(portable):
    portable(Model(2.5), probe="obj.predict(x)", x=3)
    portable.check([1, {"a": (1, 2)}])
"""
PATH_OF_313 = """
import pathlib, pickle, sys
sys.stdout.buffer.write(pickle.dumps(pathlib.PurePosixPath("/a"), 4))
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "model"
version = "1.0"
"""
BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.write("model.py")
        about = "model-1.0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: model\\nVersion: 1.0\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
            "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return name
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(pytester.path / "cache"))
    lib = pytester.mkdir("lib")
    (lib / "pyproject.toml").write_text(PROJECT)
    (lib / "backend.py").write_text(BACKEND)
    (lib / "model.py").write_text(MODEL)
    monkeypatch.syspath_prepend(str(lib))
    pytester.makepyfile(TESTS)
    return pytester


def export(project: pytest.Pytester) -> list[Path]:
    project.runpytest("--portable-export=bundles").assert_outcomes(passed=1)
    for path in project.path.glob("test_*.py"):  # the reader has the bundles only
        path.unlink()
    return sorted((project.path / "bundles").iterdir())


@pytest.mark.slow
def test_a_bundle_of_every_check_is_verified_elsewhere(project: pytest.Pytester) -> None:
    second, first = export(project)

    manifest = json.loads((first / "manifest.json").read_text("utf-8"))
    assert manifest["object"] == "model.Model"
    assert manifest["probes"][0]["source"] == "obj.predict(x)"
    assert manifest["environment"]["deps"] == ["./lib"]
    assert {"payload.bin", "value-x.bin", "portrait.json"} == manifest["files"].keys()
    assert second.name.startswith("test_model-2-")

    verified = project.runpytest("--portable-verify=bundles", "--portable-python=3.12")
    verified.assert_outcomes(passed=2)
    verified.stdout.fnmatch_lines(["made by * py3.12 linux*", "py3.* linux-x86_64 * 2 ok"])


@pytest.mark.slow
def test_a_break_that_was_planted_is_named(project: pytest.Pytester) -> None:
    export(project)
    model = project.path / "lib" / "model.py"
    model.write_text(MODEL.replace("self.weight * x", "self.weight + x"))
    found = project.runpytest("--portable-verify=bundles", "--portable-python=3.12")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(["*mismatch*probe*", "*7.5 then, 5.5 now*"])

    model.write_text(MODEL.replace("class Model", "class Renamed"))
    found = project.runpytest("--portable-verify=bundles", "--portable-python=3.12")
    found.assert_outcomes(passed=1, failed=1)
    found.stdout.fnmatch_lines(["*broke at: load*", "*Model*"])


def test_a_bundle_of_another_python_is_verified_in_the_current_environment(
    project: pytest.Pytester,
) -> None:
    """pathlib of 3.13 pickles itself as `pathlib._local`, which nobody else has."""
    newest = next(iter(PYTHONS.glob("3.13*/bin/python")), None)
    if newest is None:
        pytest.skip("no CPython 3.13")
    project.makepyfile(
        test_path="""
        import pathlib

        def test_path(portable):
            portable(pathlib.PurePosixPath("/a"))
        """
    )
    project.runpytest("--portable-export=b", "test_path.py").assert_outcomes(passed=1)
    (bundle,) = (project.path / "b").iterdir()
    # Made there: the same object as 3.13 dumps it.
    payload = subprocess.run(
        [newest, "-c", PATH_OF_313],
        capture_output=True,
        check=True,
    ).stdout
    forge(bundle, payload)

    result = project.runpytest("--portable-verify=b", "-k", "cpython")

    if sys.version_info >= (3, 13):
        result.assert_outcomes(passed=1)
    else:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*stdlib-version*", "*pathlib._local*"])


def forge(bundle: Path, payload: bytes) -> None:
    from pytest_portable.bundle.manifest import Manifest, write_bundle

    said = json.loads((bundle / "manifest.json").read_text("utf-8"))
    said["references"] = [
        {"module": "pathlib._local", "qualname": "PurePosixPath", "by": "reference"}
    ]
    write_bundle(bundle, Manifest(**said), payload, {}, {})


def test_a_damaged_bundle_is_an_error_of_its_item_and_no_bundle_misuse(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(test_list="def test_x(portable): portable([1])")
    project.runpytest("--portable-export=b", "test_list.py").assert_outcomes(passed=1)
    (bundle,) = (project.path / "b").iterdir()
    (bundle / "payload.bin").write_bytes(b"N.")

    damaged = project.runpytest("--portable-verify=b", "-k", "cpython")
    damaged.assert_outcomes(failed=1)
    damaged.stdout.fnmatch_lines(["set-up failure: *payload.bin: 2 bytes, the manifest says *"])

    (project.path / "none").mkdir()
    for folder, message in (("none", "no bundle in"), ("absent", "no such folder")):
        refused = project.runpytest(f"--portable-verify={folder}")
        assert refused.ret == pytest.ExitCode.USAGE_ERROR
        refused.stderr.fnmatch_lines([f"*{message}*"])
