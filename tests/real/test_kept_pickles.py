"""Pickles that other projects made on old Pythons and still ship: wrapped, then verified today."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_portable.cli import main

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.network]


def shipped(distribution: str, path: str) -> Path:
    spec = find_spec(distribution)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path / "cache"))


def test_a_generator_of_numpy_126_is_read_by_numpy_2(capsys: pytest.CaptureFixture[str]) -> None:
    """NumPy keeps this file to prove that its generators outlive the reducer of 1.26."""
    file = shipped("numpy", "random/tests/data/generator_pcg64_np126.pkl.gz")
    maker = ["--python", "3.11", "--dep", "numpy==1.26.4"]
    kept = ["--to", "kept", "--probe", "obj.bit_generator.state['state']['state']"]
    assert main(["bundle", str(file), *kept, *maker]) == 0

    manifest = json.loads(Path("kept/generator_pcg64_np126/manifest.json").read_text("utf-8"))
    assert manifest["producer"]["distributions"]["numpy"] == "1.26.4"
    assert manifest["object"] == "numpy.Generator"
    assert main(["verify", "kept", "--python", "3.12", "--dep", "numpy>=2"]) == 0
    assert "1 verified" in capsys.readouterr().out


def test_a_grammar_of_python_38_is_read_by_313_and_a_lie_is_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """lib2to3 of CPython 3.8 pickled its tables when it was built."""
    versions = Path("~/.pyenv/versions").expanduser()
    file = next(versions.glob("3.8.*/lib/python3.8/lib2to3/Grammar3.8.*.pickle"), None)
    if file is None:
        pytest.skip("no CPython 3.8 with lib2to3")
    assert main(["bundle", str(file), "--to", "kept", "--python", "3.8"]) == 0
    assert main(["verify", "kept", "--python", "3.13"]) == 0

    (drawn,) = Path("kept").glob("*/portrait.json")
    drawn.write_text(drawn.read_text("utf-8").replace("'file_input'", "'eval_input'", 1))
    assert main(["verify", "kept", "--python", "3.13"]) == 2
    assert "was changed" in capsys.readouterr().err


def test_an_array_that_joblib_kept_is_loaded_by_joblib_of_today() -> None:
    file = shipped("joblib", "test/data/joblib_0.11.0_pickle_py36_np111.pkl")
    deps = ["--dep", "joblib", "--dep", "numpy", "--serializer", "joblib"]
    assert main(["bundle", str(file), "--to", "kept", "--python", "3.11", *deps]) == 0
    assert main(["verify", "kept", "--declared", "--python", "3.12"]) == 0
