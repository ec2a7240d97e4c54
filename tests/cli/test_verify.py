from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_portable.bundle.export import Exporter
from pytest_portable.cli import main
from pytest_portable.engine.session import Session
from pytest_portable.portable import portable_on
from pytest_portable.settings.legs import Leg

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "bundles"
    session = Session(root=tmp_path, cache_dir=tmp_path / "cache", observers=(Exporter(folder),))
    try:
        found = portable_on(session, Leg(test="t.py::test_x"))
        assert found.check({"a": [1, 2]}, probe="sum(obj['a'])")
        assert found.check([1.0])
    finally:
        session.close()
    return folder


def test_every_bundle_is_verified_here(bundles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(bundles)]) == 0

    out = capsys.readouterr().out
    assert out.count("ok  ") == 2
    assert out.endswith("2 bundles: 2 verified, 0 not\n")


def test_reports_of_several_jobs_become_one_table(
    bundles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for python in ("3.10", "3.12"):
        arguments = ["verify", str(bundles), "--python", python, "--report", f"r{python}.json"]
        assert main(arguments) == 0
    capsys.readouterr()

    assert main(["report", "r3.10.json", "r3.12.json"]) == 0

    out = capsys.readouterr().out
    assert "| made by | py3.10 linux-x86_64 | py3.12 linux-x86_64 |" in out
    assert out.count("| 2 ok | 2 ok |") == 1

    assert main(["report", "r3.10.json", "r3.12.json", "--to", "all.html"]) == 0
    assert "<!doctype html>" in (bundles.parent / "all.html").read_text("utf-8")


def test_a_damaged_bundle_does_not_hide_the_others(
    bundles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = min(bundles.iterdir())
    (first / "payload.bin").write_bytes(b"")

    assert main(["verify", str(bundles), "--json"]) == 2

    said = capsys.readouterr()
    assert len(json.loads(said.out)) == 1
    assert "0 bytes, the manifest says" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "nowhere"], "no such folder"),
        (["report", "nowhere.json"], "no report can be read"),
        (["report", "nowhere.json", "--to", "x.htm"], "did you mean '.html'?"),
        (["verify", "nowhere", "--report", "x.htm"], "--report: 'x.htm' is no report"),
    ],
)
def test_misuse_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
