"""Bundles of a stranger: nothing that one names is imported, opened, waited for or started."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from pytest_portable.bundle.manifest import write_bundle
from pytest_portable.cli import main
from support.bundles import PRODUCER, manifest

EVIL = """
import pathlib
pathlib.Path({mark!r}).write_text("imported")
import pickle
from pytest_portable import Serializer
MINE = Serializer(name="evil", dumps=pickle.dumps, loaders="pickle:loads")
"""


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good bundle beside a module that tells when it is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTEST_PORTABLE_CACHE_DIR", str(tmp_path / "cache"))
    name = f"evil_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(EVIL.format(mark=str(tmp_path / "mark")))
    portrait = {"object": [["builtins.list", "list", []]]}
    made = manifest(environment={"python": "3.11", "deps": []})
    return write_bundle(tmp_path / "b", made, b"]q\x00.", {}, portrait)


def edit(bundle: Path, **changes: Any) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def named(bundle: Path) -> str:
    return f"evil_{bundle.parent.name}:MINE"


def told(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert said.startswith("pytest-portable: ")
    return said


def test_no_module_that_a_manifest_names_is_imported(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even its payload is read: that it lies about its length is not found out."""
    edit(bundle, serializer=named(bundle))
    (bundle / "payload.bin").write_bytes(b"")

    assert main(["verify", str(bundle)]) == 2

    assert f"{named(bundle)!r} names code to import" in told(capsys)
    assert not (bundle.parent / "mark").exists()


def test_inspect_looks_at_the_bytes_alone(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(bundle, serializer=named(bundle))

    assert main(["inspect", str(bundle)]) == 0

    assert "bundle b" in capsys.readouterr().out
    assert not (bundle.parent / "mark").exists()


def test_pytest_imports_none_either(bundle: Path) -> None:
    edit(bundle, serializer=named(bundle))
    words = ["-m", "pytest", "-p", "no:cacheprovider", f"--portable-verify={bundle}", "-q"]

    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=bundle.parent
    )

    assert done.returncode == 1
    assert "names code to import" in done.stdout
    assert not (bundle.parent / "mark").exists()


@pytest.mark.parametrize("said", ["evil", ""], ids=["its name", "as it was written"])
def test_what_the_user_names_is_allowed(bundle: Path, said: str) -> None:
    edit(bundle, serializer=said or named(bundle))

    assert main(["verify", str(bundle), "--serializer", named(bundle)]) == 0

    assert (bundle.parent / "mark").exists()


def test_an_entry_point_is_read_for_a_name_that_is_not_known(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(bundle, serializer="evil")
    assert main(["verify", str(bundle)]) == 2
    assert "unknown serializer 'evil'" in told(capsys)

    folder = bundle.parent / "evil-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        f"[pytest_portable.serializers]\nevil = {named(bundle)}\n"
    )
    assert entry_points(group="pytest_portable.serializers", name="evil")

    assert main(["verify", str(bundle)]) == 0


def link(path: Path) -> None:
    (path.parent / "real").write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to("real")


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def unix_socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # its address may be 108 bytes long
        made.bind(path.name)
        os.chdir(here)


def sparse(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(3 << 30)


@pytest.mark.parametrize("command", ["verify", "inspect"])
@pytest.mark.parametrize("name", ["manifest.json", "payload.bin", "portrait.json"])
@pytest.mark.parametrize("make", [link, fifo, device, unix_socket, sparse])
def test_what_is_no_plain_file_is_not_opened(
    bundle: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    name: str,
    make: Callable[[Path], None],
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    make(bundle / name)

    assert main([command, str(bundle)]) == 2

    assert name in told(capsys)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]


@pytest.mark.parametrize("command", ["verify", "inspect"])
@pytest.mark.parametrize(
    "changes",
    [
        {"schema": [2]},
        {"schema": True},
        {"serializer": "a\0b"},
        {"serializer": "nobody:\0"},
        {"protocol": -1},
        {"protocol": True},
        {"protocol": 10**400},
        {"producer": {}},
        {"producer": {**PRODUCER, "python": "x"}},
        {"producer": {**PRODUCER, "python": "3." + "9" * 5000}},
        {"producer": {**PRODUCER, "python": "3.1a2.1"}},
        {"producer": {**PRODUCER, "distributions": [1]}},
        {"environment": {"deps": "numpy"}},
        {"environment": {"deps": ["a\0b"]}},
        {"environment": {"python": "3\0"}},
        {"references": [3]},
        {"references": DEEP},
        {"files": {"payload.bin": {"bytes": -1, "sha256": ""}}},
        {"files": {"payload.bin": {"bytes": True, "sha256": ""}}},
        {"files": {"pay\0load.bin": {"bytes": 1, "sha256": ""}}},
        {"files": {"/etc/passwd": {"bytes": 1, "sha256": ""}}},
        {"files": {"..": {"bytes": 1, "sha256": ""}}},
        {"probes": [{}]},
        {"probes": [{"label": "a", "mode": "exec", "source": "1", "name": ""}]},
    ],
)
def test_a_malformed_manifest_is_a_mistake_in_one_line(
    bundle: Path, capsys: pytest.CaptureFixture[str], command: str, changes: dict[str, Any]
) -> None:
    edit(bundle, **changes)

    status = main([command, str(bundle)])

    if command == "inspect" and "serializer" in changes:  # it looks at the bytes alone
        assert status == 0
    else:
        assert status == 2
        told(capsys)


@pytest.mark.parametrize("text", [b"[" * 200_000, b"\xff", b'{"a":', b"", b"nan", b"[1]"])
def test_a_manifest_that_is_no_json_of_ours(
    bundle: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    (bundle / "manifest.json").write_bytes(text)

    assert main(["verify", str(bundle)]) == 2

    told(capsys)


@pytest.mark.parametrize("text", [b"[" * 100_000, b"3", b'{"object": 3}', b'{"object": [[1]]}'])
def test_a_malformed_portrait(
    bundle: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    facts = {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
    (bundle / "portrait.json").write_bytes(text)
    edit(bundle, files={**files, "portrait.json": facts})

    assert main(["verify", str(bundle)]) == 2

    assert "no portraits" in told(capsys)


def test_no_program_that_a_manifest_names_is_started(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, mark = bundle.parent / "python3", bundle.parent / "mark"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    edit(bundle, environment={"python": str(program), "deps": []})

    assert main(["verify", "--declared", str(bundle)]) == 2

    assert "names a program of the machine that exported it" in told(capsys)
    assert not mark.exists()
